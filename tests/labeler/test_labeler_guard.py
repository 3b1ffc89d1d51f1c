"""Who is let in: this computer's own page, and over a network who has the token."""

import socket

import pytest

SAVE = "/api/clips/talk_1/labels"
LABELS = {"revision": 0, "remove": [], "unknown": [], "reviewed": True}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "10.0.0.7", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/project", "/static/app.js"])
def test_a_foreign_host_header_is_refused(client, host, path):
    assert client.get(path, headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1:9", "[::1]:8765"])
def test_this_computers_own_names_are_let_in(client, host):
    assert client.get("/api/project", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_a_post_from_another_site_changes_nothing(client, data, headers):
    stored = (data / "labels.json").read_bytes()
    answer = client.post(SAVE, json=LABELS, headers={"Host": "localhost:8765"} | headers)
    assert answer.status_code == 403
    assert (data / "labels.json").read_bytes() == stored


def test_a_form_cannot_save(client):
    assert client.post(SAVE, data={"revision": "0"}).status_code == 415


def test_another_site_reads_nothing_but_may_link_to_the_page(client):
    from_afar = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/api/clips/talk_1/sound.wav", headers=from_afar).status_code == 403
    assert (
        client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code
        == 200
    )


def test_the_pages_own_requests_are_let_in(client):
    headers = {"Host": "localhost:8765", "Origin": "http://localhost:8765", "Sec-Fetch-Site": "same-origin"}
    assert client.post(SAVE, json=LABELS, headers=headers).status_code == 200


def test_a_token_is_asked_for_everywhere_and_taken_once(make_app):
    client = make_app(host="0.0.0.0", token="sésame").test_client()
    for path in ("/", "/api/project", "/static/app.js", "/api/clips/talk_1/sound.wav"):
        assert client.get(path).status_code == 401
    said = client.get("/?token=wrong")
    assert said.status_code == 401 and said.mimetype == "text/plain"
    assert said.text == "Open the address with the token that was printed when the app started.\n"
    assert client.get("/api/project?token=sésame").status_code == 401
    entered = client.get("/?token=sésame")
    assert entered.status_code == 302 and "HttpOnly" in entered.headers["Set-Cookie"]
    assert client.get("/api/project").status_code == 200


def test_an_app_on_another_port_takes_no_token_away(make_app):
    browser = make_app(host="0.0.0.0", token="one").test_client()
    browser.get("/?token=one", headers={"Host": "192.168.1.5:8765"})
    one = browser.get_cookie("labeler_token_8765", domain="192.168.1.5")
    other = make_app(host="0.0.0.0", token="two").test_client()
    other.set_cookie(one.key, one.value, domain="192.168.1.5")
    at_other = {"Host": "192.168.1.5:8766"}
    other.get("/?token=two", headers=at_other)
    assert other.get("/api/project", headers=at_other).status_code == 200
    assert other.get_cookie("labeler_token_8765", domain="192.168.1.5").value == "one"


def test_beyond_loopback_plain_addresses_are_let_in_and_other_names_are_not(make_app):
    client = make_app(host="0.0.0.0", token="x").test_client()
    assert client.get("/?token=x", headers={"Host": "192.168.1.5:8765"}).status_code == 302
    assert client.get("/?token=x", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("name", ["Studio-PC", "studio-pc", "Studio.LAN"])
def test_a_host_name_is_known_whatever_its_capitals(make_app, monkeypatch, name):
    monkeypatch.setattr(socket, "gethostname", lambda: "Studio-PC")
    client = make_app(host="Studio.lan", token="x").test_client()
    assert client.get("/?token=x", headers={"Host": f"{name}:8765"}).status_code == 302


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_lead_nowhere(client, method):
    assert getattr(client, method)(SAVE, json=LABELS).status_code == 405
