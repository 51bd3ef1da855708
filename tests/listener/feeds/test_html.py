import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.feeds.html import LONGEST_TEXT, line_of, plain, text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("<p>One<p>Two<br>Three<br/>Four", "One\nTwo\nThree\nFour"),
        ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
        ("<h1>Head</h1>body <b>bold</b>, <i>it</i>alic", "Head\nbody bold, italic"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<script>if (x < y) alert('</p>')</script>b<style>p { color: red }</style>c", "abc"),
        ("<pre>x = 1\n  y = 2</pre>after", "x = 1\ny = 2\nafter"),
        ("<p>  many \n blanks\t here\u00a0! </p>", "many blanks here !"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("<p>I <3 you, AT&T, a<b and x <y</p>", "I <3 you, AT&T, a<b and x <y"),
        ("<p>mail <john@example.org> or <jane></p>", "mail <john@example.org> or <jane>"),
        ("C++ &lt;vector&gt; <em>tips</em>", "C++ <vector> tips"),
        ("d&eacute;j&agrave; &laquo;vu&raquo; &#8212; &#x2026; &hellip;", "déjà «vu» — … …"),
        ("curly &#146;quotes&#148;", "curly ’quotes”"),
        ("&lt;p&gt;escaped &amp;amp; again&lt;/p&gt;", "escaped & again"),
        ("a sentence about the &lt;b&gt; tag", "a sentence about the <b> tag"),
        ("It&amp;#8217;s d&amp;eacute;j&amp;agrave;, AT&amp;T", "It’s déjà, AT&T"),
        ("line one\nline  two &amp; more", "line one\nline two & more"),
        ("<![CDATA[<b>left</b> over]]>", "left over"),
        ("a<!-- hidden <b>-->b", "ab"),
        ("<a href='x' title='1 > 2'>link</a>", "link"),
        ("<o:p>office</o:p> <my-tag>custom</my-tag>", "office custom"),
        ("<em>never <strong>closed", "never closed"),
        ('a <?xml:namespace prefix = o ns = "urn:x" /><p>B<o:p></o:p></p>', "a\nB"),
        ("<p><![if !supportLists]>- <![endif]>item</p>", "- item"),
        ("<!--[if mso]><xml>no</xml><![endif]--><p>yes</p>", "yes"),
        ("<!DOCTYPE html><p>x</p>", "x"),
        ("so <? is no tag", "so <? is no tag"),
        ("<math><mi>x</mi><mo>=</mo><mn>2</mn><annotation>x=2</annotation></math>", "x=2"),
        ("<img src=x alt=picture><iframe>no</iframe>", ""),
        ('safe<object data="x"> text', "safe text"),
        ("a<audio src=x><p>b</p>", "a\nb"),
        ("<video src=x>Cannot play<video>this</video></video>after", "after"),
        ("<frameset><frame src='x'>a</frameset>", "a"),
        ('<p style="color:red; display: none">preheader <b>x</b></p><p hidden>y<p>seen', "seen"),
        ('<div style="display:none"><div>in</div>out</div>seen<img style="display:none">too', "seentoo"),
        ('<a href="x>link</a> text', "link text"),
        ("<a href='x>link</a> it's", "link it's"),
        ("if a<b and b>c then", "if a<b and b>c then"),
        ("<td nowrap>a</td><input disabled>b", "ab"),
        ("<p>Cut in the middle of a <a hre", "Cut in the middle of a"),
        ("<p>Cut in the middle of a <a href='x", "Cut in the middle of a"),
        ("<p>Cut in the middle of a </", "Cut in the middle of a"),
        ("<p>It&amp;#8217;s &amp;eacute;t&amp;eacute; &amp;lt;b&amp;gt;</p>", "It’s été &lt;b&gt;"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_html_becomes_the_text_a_reader_sees(markup, text):
    assert text_of(markup) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("It&#8217;s d&eacute;j&agrave;", "It’s déjà"),
        ("Use &lt;b&gt; &#60;i&#x3e;", "Use &lt;b&gt; &#60;i&#x3e;"),
        ("R&D; AT&T &nothing;", "R&D; AT&T &nothing;"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_a_title_is_one_line_and_keeps_what_was_meant_to_be_seen(written, read):
    assert line_of(written) == read


def test_plain_text_keeps_its_lines_and_its_signs():
    assert plain(" a < b &amp; c \r\n\r\n  d\te ") == "a < b &amp; c\nd e"


@pytest.mark.parametrize(
    "unit", ["<div>", "<", "<!--", "&", "<a ", "<![CDATA[", "</x", "&lt;", "<a b='", "<x>", "<svg>", "<!", "<?"]
)
def test_hostile_markup_is_read_in_bounds(unit):
    assert len(text_of(unit * 200_000)) <= LONGEST_TEXT


def test_huge_text_is_cut():
    text = text_of("<p>" + "word " * 100_000)
    assert len(text) <= LONGEST_TEXT
    assert text.endswith("word…")


@given(st.text(st.sampled_from("<>/&;!-[]?'\"= abipr#xD\n\0\ud800é"), max_size=60))
def test_no_markup_makes_it_fail(markup):
    assert isinstance(text_of(markup) + line_of(markup) + plain(markup), str)
