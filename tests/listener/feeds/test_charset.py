import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.feeds.charset import decode, unmangled

FRENCH = "Été à Noël – l’œuvre à 3 €"
RUSSIAN = "Привет мир, это новости о компании и её продуктах сегодня утром"
JAPANESE = "日本語のニュース記事です。会社の製品について"


def document(declared: str | None, text: str = FRENCH) -> str:
    said = f' encoding="{declared}"' if declared else ""
    return f'<?xml version="1.0"{said}?><rss><title>{text}</title></rss>'


def pair(declared, encoding, http="", text=FRENCH):
    return pytest.param(document(declared, text).encode(encoding), http, text, id=f"{declared} {encoding} {http}")


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        pair("utf-8", "utf-8"),
        pair(None, "utf-8"),
        pair("iso-8859-1", "utf-8"),
        pair("utf-8", "utf-8", "text/xml; charset=ISO-8859-1"),
        pair("utf-8", "utf-8", "text/xml"),
        pair("no-such", "utf-8"),
        pair("utf-16", "utf-8"),
        pair("iso-8859-1", "cp1252"),
        pair("utf-8", "cp1252"),
        pair(None, "cp1252"),
        pair("utf-8", "cp1252", 'text/xml; charset="windows-1252"'),
        pair("utf-8", "utf-8-sig", "text/xml; charset=iso-8859-1"),
        pair("utf-16", "utf-16"),
        pair("utf-16", "utf-16-le"),
        pair("utf-16", "utf-16-be"),
        pair("utf-32", "utf-32"),
        pair("windows-1251", "cp1251", text=RUSSIAN),
        pair(None, "cp1251", text=RUSSIAN),
        pair("utf-8", "cp1251", text=RUSSIAN),
        pair("koi8-r", "koi8-r", text=RUSSIAN),
        pair("windows-1251", "cp1251", "text/xml; charset=iso-8859-1", text=RUSSIAN),
        pair("iso-8859-1", "cp1251", "text/xml; charset=windows-1251", text=RUSSIAN),
        pair("shift_jis", "shift_jis", text=JAPANESE),
        pair("euc-jp", "euc-jp", text=JAPANESE),
        pair("iso-2022-jp", "iso2022_jp", text=JAPANESE),
        pair("gb2312", "gb18030", text="中文新闻公司產品"),
        pair("iso-8859-2", "iso-8859-2", text="Żółć gęślą"),
    ],
)
def test_the_text_survives_whatever_was_declared(body, content_type, text):
    assert f"<title>{text}</title>" in decode(body, content_type)


def test_a_stray_byte_does_not_spoil_the_rest():
    body = document("utf-8").encode().replace("œ".encode(), b"\xe9")
    assert FRENCH.replace("œ", "é") in decode(body)


def test_blank_lines_before_the_declaration_do_no_harm():
    assert FRENCH in decode(b"\n \n" + document("windows-1252").encode("cp1252"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("CafÃ© dâ€™Ã©tÃ©", "Café d’été"), ("Â«testÂ»", "«test»"), ("São Paulo", "São Paulo"), ("Café", "Café")],
)
def test_text_that_was_decoded_twice_is_put_right(written, meant):
    assert unmangled(written) == meant


@given(st.binary(max_size=200), st.text(max_size=40))
def test_no_bytes_make_it_fail(body, content_type):
    assert isinstance(decode(body, content_type), str)
