"""The served page without a browser: no token, no answer; no file; nothing for a foreign page."""

import os

import pytest

FOREIGN = "http://evil.example"
LONG = "a" * 4096
UPGRADED = 101  # a websocket is open
NOBODY = "00000000-0000-0000-0000-000000000000"


def denied(answer):
    """Refused, or sent to the login page."""
    return answer.status in (403, 404, 405) or (
        answer.status == 302 and answer.headers["Location"].startswith("/login")
    )


@pytest.mark.parametrize(
    "path",
    ["/", "/api/kernels", f"/api/kernels/{NOBODY}", "/api/contents", "/api/sessions", "/api/terminals",
     "/api", "/metrics", "/tree", "/lab", "/nbconvert/html/x", "/voila/files/picture.png",
     "/files/picture.png", f"/{LONG}", f"/api/kernels/{LONG}"],
    ids=lambda path: path[:30],
)  # fmt: skip
def test_without_the_token_there_is_only_the_login_page(server, path):
    answer = server.ask(path, token=False)
    assert denied(answer)
    assert "secret" not in answer.text
    assert server.token not in answer.text + str(answer.headers)


def test_a_wrong_token_is_none(server):
    for wrong in ("", "0", server.token[:-1], server.token + "0", server.token.swapcase(), LONG):
        assert denied(server.ask("/", token=False, headers={"Authorization": f"token {wrong}"}))
        assert denied(server.ask(f"/?token={wrong}", token=False))


@pytest.mark.parametrize(
    "path",
    ["/voila/files/picture.png", "/voila/files/../outside.txt", "/voila/files/%2e%2e/outside.txt",
     "/voila/static/../../../../etc/passwd", "/voila/static/%2e%2e/%2e%2e/etc/passwd", "/static/etc/passwd",
     "/voila/templates/etw/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
     "/voila/labextensions/../../etc/passwd",
     "/voila/api/themes/..%2f..%2f..%2fetc/passwd", "/files/picture.png", "/view/picture.png",
     "/api/contents/picture.png", "/api/contents/..", "/voila/api/contents/", f"/voila/files/{LONG}",
     f"/voila/static/{LONG}"],
    ids=lambda path: path[:40],
)  # fmt: skip
def test_with_the_token_too_no_file_is_served(server, path):
    answer = server.ask(path)
    if answer.status == 302 and answer.headers["Location"].startswith("/voila/files/"):
        answer = server.ask(answer.headers["Location"])
    assert "secret" not in answer.text
    assert "root:" not in answer.text
    assert answer.status >= 400


@pytest.mark.parametrize("path", ["/api/kernels", "/api/sessions", "/api/terminals", "/api/shutdown"])
@pytest.mark.parametrize("origin", [None, FOREIGN])
def test_nobody_starts_a_kernel_or_a_terminal_or_stops_the_server(server, path, origin):
    for token in (True, False):
        assert denied(server.ask(path, "POST", token=token, origin=origin, body="{}"))
    assert server.process.poll() is None


def test_a_kernel_is_ended_by_its_own_page_only(server, kernel):
    end = f"/voila/api/shutdown/{kernel}"
    assert denied(server.ask(end, "POST", token=False))
    assert denied(server.ask(end, "POST", token=False, origin=FOREIGN))
    # another site can have the browser send its cookies, but neither the token nor the cross-site one
    assert denied(server.ask(end, "POST", token=False, origin=FOREIGN, headers=server.browser))
    assert denied(server.ask(end, "POST", token=False, headers=server.browser))
    for other in (NOBODY, "..%2f..", LONG):
        assert server.ask(f"/voila/api/shutdown/{other}", "POST").status in (400, 404)
    assert server.ask(f"/api/kernels/{kernel}").status == 200  # it lives


@pytest.mark.parametrize("query", ["", "?session_id=x"])
def test_the_websocket_of_a_kernel_is_for_the_own_page(server, kernel, query):
    path = f"/api/kernels/{kernel}/channels{query}"
    assert server.connect(path) == 403
    for origin in (FOREIGN, server.origin + ".evil.example", "null", "http://127.0.0.1:1"):
        assert server.connect(path, origin=origin) == 403
        assert server.connect(path, browser=True, origin=origin) == 403
    assert server.connect(f"/api/kernels/{NOBODY}/channels", browser=True) in (403, 404)
    assert server.connect(path, browser=True) == UPGRADED
    assert server.connect(path, token=True) == UPGRADED


def test_no_other_site_reads_an_answer(server, kernel):
    for path in ("/login", f"/api/kernels/{kernel}"):
        answer = server.ask(path, token=False, origin=FOREIGN, headers=server.browser)
        assert answer.headers.get("Access-Control-Allow-Origin") is None
    assert server.ask(f"/api/kernels/{kernel}", token=False, headers=server.browser).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_foreign_site_changes_nothing(server, kernel, method):
    for path in (f"/api/kernels/{kernel}", "/api/contents/x.txt", "/voila/files/x.txt"):
        answer = server.ask(path, method, token=False, origin=FOREIGN, headers=server.browser, body="{}")
        assert denied(answer)
    assert sorted(path.name for path in server.folder.iterdir()) == ["picture.png"]
    assert server.ask(f"/api/kernels/{kernel}").status == 200


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="asks Linux")  # noqa: PTH110  (a name of the system)
def test_it_listens_on_this_machine_only(server):
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123  (as above)
        rows = [line.split() for line in table][1:]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{server.port:04X}")]
    assert listening == [f"0100007F:{server.port:04X}"]
