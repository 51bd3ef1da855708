from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.feeds.entry import Entry, Feed
from listener.feeds.parse import parse
from rules.mention import Author
from tests.collecting import atom, item, rss

DATA = Path(__file__).parents[2] / "data" / "feeds"
BASE = "https://base.example/feeds/news.xml"


def read(document: str | bytes, content_type: str = "") -> Feed:
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    return parse(body, content_type=content_type, base=BASE)


def only(document: str | bytes) -> Entry:
    (entry,) = read(document).entries
    return entry


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- formats ----------------------------------------------------------------------------------------------------------


def test_rss_2_with_everything():
    entry = only(
        rss(
            "<item><title>Grève &amp; colère</title><link>https://example.org/1?a=1&amp;b=2</link>"
            '<guid isPermaLink="false">n-1</guid><pubDate>Tue, 03 Mar 2026 10:00:00 +0100</pubDate>'
            "<dc:creator>Zoé Martin</dc:creator><description>Résumé</description><slash:comments>7</slash:comments>"
            "<content:encoded><![CDATA[<p>Le texte</p><p>entier & plus</p>]]></content:encoded></item>",
            head="<language>fr-FR</language><ttl>60</ttl>",
        )
    )
    assert entry == Entry(
        id="n-1",
        url="https://example.org/1?a=1&b=2",
        title="Grève & colère",
        text="Le texte\nentier & plus",
        created_at=at("2026-03-03T09:00:00"),
        author=Author(name="Zoé Martin"),
        language="fr",
        counts={"replies": 7},
    )


def test_rss_1_items_beside_the_channel():
    entry = only(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="http://e.org/"><title>c</title></channel>'
        '<item rdf:about="http://e.org/1"><title>T</title><link>http://e.org/1?x</link><description>d</description>'
        "<dc:date>2005-06-07T08:09+02:00</dc:date><dc:creator>Z</dc:creator></item></rdf:RDF>"
    )
    assert (entry.id, entry.url, entry.title, entry.text) == ("http://e.org/1", "http://e.org/1?x", "T", "d")
    assert (entry.created_at, entry.author.name) == (at("2005-06-07T06:09:00"), "Z")


def test_rss_0_91_without_ids_or_dates():
    entry = only(
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
        '<rss version="0.91"><channel><title>c</title><language>en</language><item><title>Caf&eacute;</title>'
        "<link>http://e.org/1</link><description>d</description></item></channel></rss>"
    )
    assert (entry.id, entry.url, entry.title, entry.created_at) == (None, "http://e.org/1", "Café", None)


def test_atom_1_prefers_published_and_the_page_among_links():
    entry = only(
        atom(
            '<entry xml:lang="fr-CA"><id>tag:e.org,2020:1</id>'
            '<title type="html">A &amp;lt;b&amp;gt; &lt;i&gt;x&lt;/i&gt;</title>'
            '<link rel="enclosure" href="http://e.org/e.mp3"/><link rel="replies" href="http://e.org/r"/>'
            '<link type="application/json" href="http://e.org/j"/><link type="text/html" href="http://e.org/1"/>'
            '<link rel="self" href="http://e.org/self"/><published>2020-01-02T03:04:05Z</published>'
            "<updated>2021-01-02T03:04:05Z</updated><summary>short</summary>"
            '<content type="html">&lt;p&gt;the content&lt;/p&gt;</content>'
            "<author><name>N</name><uri>http://n.org/</uri></author></entry>"
        )
    )
    assert entry == Entry(
        id="tag:e.org,2020:1",
        url="http://e.org/1",
        title="A <b> x",
        text="the content",
        created_at=at("2020-01-02T03:04:05"),
        author=Author(name="N", id="http://n.org/"),
        language="fr",
    )


def test_atom_text_and_xhtml_mean_what_they_say():
    text, xhtml = read(
        atom(
            '<entry><id>u:1</id><title type="text">5 &lt; 6 &amp; x</title><summary type="text">a &lt; b\nc</summary>'
            '</entry><entry><id>u:2</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A &amp; <b>B</b> '
            '&lt;c&gt;</div></title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>P1</p>'
            "<p>P2 &lt;tag&gt;</p></div></content></entry>",
            head="<author><name>The feed's author</name></author>",
        )
    ).entries
    assert (text.title, text.text) == ("5 < 6 & x", "a < b\nc")
    assert (xhtml.title, xhtml.text) == ("A & B <c>", "P1\nP2 <tag>")
    assert text.author.name == "The feed's author"


def test_atom_0_3():
    entry = only(
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>f</title><entry>'
        '<title mode="escaped" type="text/html">A &lt;b&gt;B&lt;/b&gt;</title><link rel="alternate" type="text/html" '
        'href="http://e.org/1"/><id>tag:e.org,1</id><issued>2003-12-13T08:29:29-04:00</issued>'
        '<modified>2003-12-13T18:30:02Z</modified><content type="text/html" mode="escaped">&lt;p&gt;x&lt;/p&gt;'
        "</content></entry></feed>"
    )
    assert (entry.id, entry.url, entry.title, entry.text) == ("tag:e.org,1", "http://e.org/1", "A B", "x")
    assert entry.created_at == at("2003-12-13T12:29:29")


def test_json_feed():
    feed = read(
        '\ufeff{"version":"https://jsonfeed.org/version/1.1","title":"t","language":"en-US",'
        '"authors":[{"name":"Everybody"}],"items":['
        '{"id":1,"url":"/a","title":"A &amp; B","content_html":"<p>x</p><p>y</p>",'
        '"date_published":"2020-01-01T00:00:00Z","authors":[{"name":"Ann","url":"https://ann.example"}],"language":"fr"},'
        '{"id":"two","external_url":"https://e.org/x","content_text":"a < b\\nc",'
        '"date_modified":"2020-01-02T00:00:00Z"},'
        '"no item",{"id":null,"summary":"s"}]}'
    )
    first, second, third = feed.entries
    assert (first.id, first.url, first.title, first.text) == ("1", "https://base.example/a", "A & B", "x\ny")
    assert (first.author, first.language) == (Author(name="Ann", id="https://ann.example"), "fr")
    assert (second.id, second.url, second.text) == ("two", "https://e.org/x", "a < b\nc")
    assert (second.created_at, second.author.name) == (at("2020-01-02T00:00:00"), "Everybody")
    assert (third.id, third.text) == (None, "s")
    assert feed.skipped == {"not an object": 1}


def test_atom_that_calls_its_markup_text_is_read_through():
    first, second = read(
        atom(
            "<entry><id>u:1</id><title>&lt;b&gt;Bold&lt;/b&gt; move</title>"
            "<summary>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;It&amp;#8217;s&lt;/p&gt;</summary></entry>",
            "<entry><id>u:2</id><title>The &lt;b&gt; tag &amp;amp; more</title>"
            "<summary>It&amp;#8217;s about &lt;p&gt;</summary></entry>",
        )
    ).entries
    assert (first.title, first.text) == ("Bold move", "One\nIt’s")
    assert (second.title, second.text) == ("The <b> tag & more", "It’s about <p>")


# --- platforms --------------------------------------------------------------------------------------------------------


def test_google_alerts_links_lead_to_the_article():
    entry = only(
        atom(
            '<entry><id>tag:google.com,2013:googlealerts/feed:12</id><title type="html">Air &lt;b&gt;Acme&lt;/b&gt; '
            'd&amp;#39;été</title><link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://lemonde.example/'
            'a%3Fb%3D1&amp;ct=ga&amp;cd=x"/><published>2020-01-01T00:00:00Z</published>'
            '<content type="html">... &lt;b&gt;Acme&lt;/b&gt;&amp;nbsp;...</content>'
            "<author><name></name></author></entry>"
        )
    )
    assert (entry.url, entry.title) == ("https://lemonde.example/a?b=1", "Air Acme d'été")
    assert (entry.text, entry.author) == ("... Acme ...", Author())


def test_google_news_names_the_publisher_and_does_not_repeat_the_headline():
    entry = only(
        rss(
            "<item><title>Grève chez Acme - Le Monde</title><link>https://news.google.com/rss/articles/CBMi1?oc=5</link>"
            '<guid isPermaLink="false">CBMi1</guid><description>&lt;a href="x"&gt;Grève chez Acme&lt;/a&gt;&amp;nbsp;'
            '&amp;nbsp;&lt;font&gt;Le Monde&lt;/font&gt;</description><source url="https://lemonde.example">Le Monde'
            "</source></item>",
            head="<generator>NFE/5.0</generator>",
        )
    )
    assert (entry.id, entry.title, entry.text) == ("CBMi1", "Grève chez Acme - Le Monde", "")
    assert entry.author == Author(name="Le Monde")


def test_youtube_counts_views_and_likes():
    first = read((DATA / "youtube.xml").read_bytes()).entries[0]
    assert (first.id, first.kind) == ("yt:video:OCs1E0vP7Oc", "video")
    assert first.url == "https://www.youtube.com/watch?v=OCs1E0vP7Oc"
    assert first.author == Author(name="SecDSM", id="https://www.youtube.com/channel/UCoTLdfNePDQzvdEgIToLIUg")
    assert (first.counts, first.created_at) == ({"views": 36, "likes": 0}, at("2017-06-15T02:36:17"))


def test_a_reddit_comment_is_a_comment():
    entry = only(
        atom(
            "<entry><author><name>/u/alice</name><uri>https://www.reddit.com/user/alice</uri></author><id>t1_abc</id>"
            '<link href="https://www.reddit.com/r/x/comments/1/t/abc/"/><title>/u/alice on T</title></entry>'
        )
    )
    assert (entry.id, entry.kind) == ("t1_abc", "comment")
    assert entry.author == Author(name="/u/alice", handle="alice", id="https://www.reddit.com/user/alice")


# --- recorded feeds ---------------------------------------------------------------------------------------------------


def test_a_feed_in_latin_1_that_declares_nothing():
    feed = read((DATA / "latin1_undeclared.xml").read_bytes(), "text/xml")
    assert len(feed.entries) == 10
    first = feed.entries[0]
    assert first.title == "Perturbateurs endocriniens : quels effets sur le cerveau ?"
    assert first.created_at == at("2018-10-17T10:30:00")
    assert first.text.startswith("Si leur impact semble discret au premier abord, nombre d'études montrent que")


def test_a_wordpress_feed():
    entry = only((DATA / "wordpress.xml").read_bytes())
    assert entry.id == entry.url
    assert entry.title == "Minor earthquake, 3.5 mag was detected near Aris in Greece"
    assert (entry.created_at, entry.author.name) == (at("2019-08-06T05:01:15"), "admin")
    assert "21.9072° East, 37.102° North." in entry.text


def test_a_planet_feed_without_links():
    entry = only((DATA / "planet.xml").read_bytes())
    assert entry.id == "tag:blogger.com,1999:blog-6112936277054198647.post-1097972507907717676"
    assert (entry.url, entry.author.name) == (None, "GNOME Sysadmin Team")
    assert entry.text.startswith(
        "This is a follow up from the kernel support for high-resolution wheel scrolling which"
    )


# --- fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("I &lt;3 you", "I <3 you"),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("AT&T & Co", "AT&T & Co"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move"),
        ("<![CDATA[<b>Bold</b> move &amp; x]]>", "Bold move & x"),
        ("<![CDATA[AT&T <3]]>", "AT&T <3"),
        ("Use the &amp;lt;b&amp;gt; tag", "Use the <b> tag"),
        ("<![CDATA[Use <br> now]]>", "Use <br> now"),
        ("It&amp;#8217;s d&eacute;j&agrave;", "It’s déjà"),
        ("C++ &lt;vector&gt; tips", "C++ <vector> tips"),
        ("Foo&lt;br/&gt;bar", "Foo bar"),
        ("Foo&lt;br&gt;bar", "Foo bar"),
        ("  spaced \n out  ", "spaced out"),
        ("Inline <b>xml</b> here", "Inline xml here"),
        ("a <!-- gone --> b", "a b"),
        ("a\x00b\x0bc &#0;d", "abc d"),
        ("CafÃ© dâ€™Ã©tÃ©", "Café d’été"),
        ("smile &#55357;&#56832; &#xD83D;&#xDE00; <![CDATA[&#55357;&#56832;]]>", "smile 😀 😀 😀"),
        ("", None),
    ],
)
def test_a_title_is_what_its_author_meant_to_show(written, title):
    assert only(rss(item(1, written))).title == title


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("plain text\nsecond", "plain text\nsecond"),
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two &amp;amp; three&lt;/p&gt;", "One\nTwo & three"),
        ("<![CDATA[<p>I <3 & R&D</p>]]>", "I <3 & R&D"),
        ("if a &lt; b and c &gt; d", "if a < b and c > d"),
        ("<p>inline <b>xml</b></p><p>two</p>", "inline xml\ntwo"),
        ("&amp;lt;p&amp;gt;twice&amp;lt;/p&amp;gt;", "twice"),
        ("one<br>two <p>three", "one\ntwo\nthree"),
        ('<![CDATA[<img src="x">]]>', ""),
    ],
)
def test_a_description_becomes_text(written, text):
    assert only(rss(item(1, "t", written))).text == text


@pytest.mark.parametrize(
    ("elements", "url"),
    [
        ("<link>/news/7?x=1</link>", "https://base.example/news/7?x=1"),
        ("<link>\n <![CDATA[ https://e.org/a?x=1&y=2 ]]>\n</link>", "https://e.org/a?x=1&y=2"),
        ("<link>https://e.org/?a=1&b=2&copy=3</link>", "https://e.org/?a=1&b=2&copy=3"),
        ("<link>www.e.org/x</link>", "http://www.e.org/x"),
        ("<link>//e.org/x</link>", "https://e.org/x"),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>ftp://e.org/x</link>", None),
        ('<atom:link href="http://e.org/4" rel="alternate"/>', "http://e.org/4"),
        ('<link>http://e.org/5</link><atom:link href="http://e.org/s" rel="self"/><comments>http://e.org/c</comments>',
         "http://e.org/5"),
        ('<link xml:base="http://o.org/d/">x/1</link>', "http://o.org/d/x/1"),
        ("<guid>https://e.org/p/9</guid>", "https://e.org/p/9"),
        ('<guid isPermaLink="false">https://e.org/p/9</guid>', None),
        ("<guid>p9</guid>", None),
        ("<guid>/p/9</guid>", "https://base.example/p/9"),
        ('<guid isPermaLink="false">/p/9</guid>', None),
    ],
)  # fmt: skip
def test_a_link_is_absolute_and_leads_to_the_web(elements, url):
    assert only(rss(f"<item><title>t</title>{elements}</item>")).url == url


@pytest.mark.parametrize(
    ("elements", "name"),
    [
        ("<author>bob@e.org (Bob Smith)</author>", "Bob Smith"),
        ("<author>Bob Smith &lt;bob@e.org&gt;</author>", "Bob Smith"),
        ("<author>bob@e.org</author>", "bob@e.org"),
        ("<author>Jean Dupont, AFP</author>", "Jean Dupont, AFP"),
        ("<dc:creator><![CDATA[Zoé & Bob]]></dc:creator>", "Zoé & Bob"),
        ("<dc:creator>A</dc:creator><dc:creator>B</dc:creator><author>x@y.zz (A)</author>", "A, B"),
        ("<itunes:author>Podcaster</itunes:author>", "Podcaster"),
        ("<dc:creator>Simon (mailto:simon@e.org)</dc:creator>", "Simon"),
        ("<author>ed@e.org - Joe</author>", "Joe"),
        ('<author>"Joe B" &lt;joe@e.org&gt;</author>', "Joe B"),
        ("<author>joe (Jo Große (Berlin)) &lt;joe@e.org&gt;</author>", "joe (Jo Große (Berlin))"),
        ("<author>joe@e.org (Jo (Berlin))</author>", "Jo (Berlin)"),
        ("", None),
    ],
)
def test_an_author_is_a_name(elements, name):
    assert only(rss(f"<item><title>t</title>{elements}</item>")).author.name == name


def test_a_caption_or_a_blurb_is_not_the_article_unless_there_is_nothing_else():
    lead, podcast, bare = read(
        rss(
            '<item><media:content url="x"><media:description type="plain">A long caption of the photograph, longer '
            "than all</media:description><media:title>Photo</media:title></media:content><title>News</title>"
            "<description>Lead</description></item>",
            item(2, "Episode", "Notes.", "<itunes:summary>A blurb that is a good deal longer</itunes:summary>"),
            "<item><media:title>Bare</media:title>"
            "<media:description>Caption &lt;b&gt;x&lt;/b&gt;</media:description></item>",
        )
    ).entries
    assert (lead.title, lead.text) == ("News", "Lead")
    assert podcast.text == "Notes."
    assert (bare.title, bare.text) == ("Bare", "Caption x")


def test_the_first_date_that_can_be_read_counts_and_none_is_made_up():
    broken, both, empty, none = read(
        rss(
            item(1, more="<pubDate>yesterday</pubDate><dc:date>2020-01-01T10:00:00Z</dc:date>"),
            item(2, more="<pubDate>lun., 02 janv. 2006 15:04:05 GMT</pubDate><dc:date>2020-01-01</dc:date>"),
            item(3, more="<pubDate></pubDate>"),
            item("2020-01-01"),
            head="<pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate>",
        )
    ).entries
    assert [broken.created_at, both.created_at] == [at("2020-01-01T10:00:00"), at("2006-01-02T15:04:05")]
    assert [empty.created_at, none.created_at] == [None, None]


def test_an_item_names_its_own_language():
    english, channel = read(
        rss(item(1, more="<dc:language>en-GB</dc:language>"), item(2), head="<language>fr_BE</language>")
    ).entries
    assert (english.language, channel.language) == ("en", "fr")


def test_what_a_publisher_asks_of_readers():
    feed = read(
        rss(
            item(1),
            head="<ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour><hour>7</hour></skipHours>"
            "<skipDays><day>Sunday</day><day>Funday</day></skipDays>",
        )
    )
    assert (feed.ttl, feed.quiet_hours, feed.quiet_days) == (90, {0, 7}, {6})


def test_an_address_broken_over_lines_is_one_and_an_empty_relation_is_none():
    entry = only(atom('<entry><id>1</id><link title="a\nb" href="http://e.org/a-long-\n    address" rel=""/></entry>'))
    assert entry.url == "http://e.org/a-long-address"


def test_a_feed_without_entries_is_a_feed():
    root = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://channel.netscape.com/rdf/simple/0.9/">'
    assert read(f"{root}<channel><title>C</title></channel></rdf:RDF>").entries == []


def test_content_in_base_64_is_read_where_it_is_text():
    text, picture = read(
        atom(
            '<entry><id>1</id><content type="application/octet-stream">PHA+T25lPC9wPjxwPlR3bzwvcD4=</content></entry>',
            '<entry><id>2</id><content type="application/octet-stream">iVBORw0KGgo=</content></entry>',
        )
    ).entries
    assert (text.text, picture.text) == ("One\nTwo", "")


# --- feeds that say things twice --------------------------------------------------------------------------------------


def test_the_content_is_the_text_even_where_the_summary_is_longer():
    entry = only(
        rss(
            "<item><guid>1</guid><description>A summary that goes on and on</description>"
            "<content:encoded><![CDATA[<p>The post.</p>]]></content:encoded></item>"
        )
    )
    assert entry.text == "The post."


def test_a_content_without_words_leaves_the_summary():
    encoded = "<content:encoded><![CDATA[<img src='x'/>]]></content:encoded>"
    assert only(rss(item(1, "T", "Summary", encoded))).text == "Summary"


def test_a_description_said_twice_is_read_once_and_one_of_dublin_core_only_alone():
    twice = item(1, "T", "The post", "<dc:description>Catalogue card, which is longer</dc:description>")
    alone = "<item><guid>2</guid><dc:description>Catalogue card</dc:description></item>"
    assert [entry.text for entry in read(rss(twice, alone)).entries] == ["The post", "Catalogue card"]


def test_a_search_form_in_an_item_is_not_the_item():
    form = "<textInput><title>Search</title><link>http://e.org/s</link><name>q</name></textInput>"
    entry = only(rss(f"<item><guid>1</guid><title>T</title><link>http://e.org/1</link>{form}</item>"))
    assert (entry.title, entry.url) == ("T", "http://e.org/1")


def test_a_relation_may_be_written_in_full():
    link = '<link rel="http://www.iana.org/assignments/relation/alternate" href="http://e.org/1"/>'
    assert only(atom(f"<entry><id>u:1</id>{link}</entry>")).url == "http://e.org/1"


def test_a_json_list_of_one_may_be_written_as_its_only_item():
    assert only('{"version": "https://jsonfeed.org/version/1.1", "items": {"id": "1", "title": "T"}}').title == "T"


# --- ours, with what a careful reader expects of them -----------------------------------------------------------------


def test_a_press_feed_of_many_habits():
    wire, office, form, dotted = read((DATA / "press.xml").read_bytes()).entries
    assert (wire.id, wire.url) == ("https://presse.example/?p=42", "https://presse.example/2024/05/greve/?utm=rss&x=1")
    assert (wire.title, wire.text) == ("Grève : l’essentiel & plus", "Les avions restent au sol.\nSuite à 18 h.")
    assert (wire.created_at, wire.author.name) == (at("2024-05-03T06:15:09"), "Zoé Martin")
    assert (office.title, office.text) == ("I <3 Acme & <Co>", "- Premier point\nx=2")
    assert office.created_at == at("2024-08-01T08:00:00")
    assert (form.title, form.url) == ("Vraie fiche", "https://presse.example/vraie")
    assert form.text == "5 < 6 & 7 > 3"
    assert (dotted.id, dotted.created_at, dotted.text) == ("d-4", at("2024-05-06T16:45:00"), "Résumé seul")


def test_a_prefixed_atom_feed_with_bases():
    first, second = read((DATA / "prefixed.xml").read_bytes()).entries
    assert (first.id, first.url) == ("urn:p1", "http://autre.example/a/b.html")
    assert (first.title, first.text) == ("P & Q", "Préfixe\nDeux < trois")
    assert first.created_at == at("2020-01-01T00:00:00")
    assert (second.id, second.url, second.text) == ("urn:p2", "http://base.example/deux", "Le résumé d’une image")
    assert second.created_at == at("2020-01-02T22:00:00")
