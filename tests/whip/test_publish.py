"""POST, PATCH and DELETE of WHIP and WHEP, by status and header (RFC 9725)."""

import pytest
import trio

from tests.rooms.scripted import settle
from tests.webrtc.offering import OPUS, Description, Section
from tests.whip.staging import FRAGMENT, PUBLISHING, RESTART, SDP, TRICKLED, WATCHING, stage
from trio_sfu.config.model import Whip
from trio_sfu.events import JoinRefused, PeerJoined, TrackPublished
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.operating import Operating
from trio_sfu.signaling.carried import PeerInfo, TrackInfo
from trio_sfu.webrtc.events import Connected, Failed, Silent


async def test_a_publisher_is_answered_and_is_a_peer_like_any_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        ann = await staged.scene.join()
        told = await staged.publish(name="OBS")
        await settle()
        assert told.status == 201
        assert told.headers["content-type"] == SDP
        assert told.headers["accept-patch"] == FRAGMENT
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["location"].startswith("/whip/r/")
        assert len(told.headers["location"].rpartition("/")[2]) >= 32, "192 bits"
        ufrag = told.body.split("a=ice-ufrag:")[1].split("\r\n")[0]
        assert told.headers["etag"] == f'"{ufrag}"'
        assert told.body.count("a=recvonly") == 2
        assert "a=setup:passive" in told.body
        news = [message.peer for message in ann.link.heard if hasattr(message, "peer")]
        seen = [each for each in news if isinstance(each, PeerInfo)][-1]
        assert seen.name == "OBS"
        assert seen.tracks == [TrackInfo(source="microphone"), TrackInfo(source="camera")]
        assert len(staged.scene.noted(TrackPublished)) == 2


async def test_ice_servers_are_told_as_links() -> None:
    async with stage() as staged:
        told = await staged.publish()
        assert told.links == [
            '<turn:relay.example?transport=tcp>; rel="ice-server"; username="1:p";'
            ' credential="c2VjcmV0"; credential-type="password"'
        ]


@pytest.mark.parametrize(("way", "name"), [("whip", "WHIP"), ("whep", "WHEP")])
async def test_who_gives_no_name_has_that_of_the_protocol(way: str, name: str) -> None:
    async with stage() as staged:
        offer = PUBLISHING if way == "whip" else WATCHING
        assert (await staged.post(f"/{way}/r", offer)).status == 201
        (room,) = staged.scene.rooms.rooms.values()
        assert [member.name for member in room.state.members.values()] == [name]


async def test_candidates_are_taken_and_an_ice_restart_is_answered() -> None:
    async with stage() as staged:
        begun = await staged.publish()
        path, etag = begun.headers["location"], begun.headers["etag"]
        trickled = await staged.patch(path, TRICKLED, if_match=etag)
        assert (trickled.status, trickled.body) == (204, "")
        assert "etag" not in trickled.headers
        restarted = await staged.patch(path, RESTART, if_match='"*"')
        assert restarted.status == 200
        assert restarted.headers["content-type"] == FRAGMENT
        assert restarted.headers["etag"] not in (etag, "")
        lines = restarted.body.splitlines()
        assert lines[:4] == [
            "a=group:BUNDLE 0 1",
            "a=ice-lite",
            "m=audio 7882 UDP/TLS/RTP/SAVPF 111",
            "a=candidate:1 1 udp 704643071 192.0.2.9 7882 typ host",
        ]
        assert f"a=ice-ufrag:{restarted.headers['etag'][1:-1]}" in lines
        (connection,) = staged.connections
        assert "a=ice-ufrag:efgh" in connection.offers[-1].sdp
        # The ICE session before it is over; a candidate of the new one is taken.
        assert (await staged.patch(path, TRICKLED, if_match=etag)).status == 412
        now = restarted.headers["etag"]
        assert (await staged.patch(path, RESTART, if_match=now)).status == 204


@pytest.mark.parametrize(
    ("fragment", "headers", "status", "code"),
    [
        (TRICKLED, {}, 428, "precondition-required"),
        (RESTART, {}, 428, "precondition-required"),
        (TRICKLED, {"if_match": '"other"'}, 412, "precondition-failed"),
        (RESTART, {"if_match": 'W/"weak"'}, 412, "precondition-failed"),
        (TRICKLED, {"if_match": "*", "content_type": SDP}, 415, "unsupported-media-type"),
        ("rubbish", {"if_match": "*"}, 400, "fragment-invalid"),
        ("", {"if_match": "*"}, 400, "fragment-invalid"),
        ("a=mid:0\r\n", {"if_match": "*"}, 400, "fragment-invalid"),
        ("a=ice-ufrag:new1\r\n", {"if_match": "*"}, 400, "fragment-invalid"),
        ("a=ice-ufrag:ü\r\na=ice-pwd:x\r\n", {"if_match": "*"}, 400, "fragment-invalid"),
        ("a=ice-pwd:0123456789abcdef01234567\r\n", {"if_match": "*"}, 400, "fragment-invalid"),
        (TRICKLED + RESTART, {"if_match": "*"}, 400, "fragment-invalid"),
        ("a=" + "x" * 300_000, {"if_match": "*"}, 413, "body-too-large"),
    ],
)
async def test_a_patch_that_is_refused_harms_nothing(
    fragment: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with stage() as staged:
        begun = await staged.publish()
        path = begun.headers["location"]
        told = await staged.patch(path, fragment, **headers)
        assert (told.status, told.json()["code"]) == (status, code)
        assert (await staged.patch(path, TRICKLED, if_match=begun.headers["etag"])).status == 204


async def test_restarts_without_end_are_slowed_down_and_the_session_stays(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        path = (await staged.publish()).headers["location"]
        statuses = []
        for number in range(12):
            fragment = RESTART.replace("efgh", f"u{number:03}")
            statuses.append((await staged.patch(path, fragment, if_match="*")).status)
        assert statuses == [200] * 9 + [429] * 3
        told = await staged.patch(path, RESTART, if_match="*")
        assert told.json()["code"] == "too-many-offers"
        assert int(told.headers["retry-after"]) > 0
        await trio.sleep(2)
        assert (await staged.patch(path, RESTART, if_match="*")).status == 200


async def test_delete_ends_the_session_and_a_second_one_finds_none() -> None:
    async with stage() as staged:
        ann = await staged.scene.join()
        path = (await staged.publish()).headers["location"]
        assert (await staged.ask("GET", path)).status == 204
        told = await staged.ask("DELETE", path, if_match='"ignored"')
        assert told.status == 200
        assert staged.connections[-1].closed, "answered when all is gone"
        assert [reason for _, reason in ann.left] == ["left"]
        for method in ("DELETE", "GET", "PATCH"):
            again = await staged.ask(method, path, TRICKLED, content_type=FRAGMENT)
            assert (again.status, again.json()["code"]) == (404, "not-found")


async def test_a_session_is_found_by_its_whole_url_alone() -> None:
    async with stage() as staged:
        key = (await staged.publish()).headers["location"].rpartition("/")[2]
        for path in (f"/whep/r/{key}", f"/whip/other/{key}", f"/whip/r/{key[:-1]}", "/whip/r/x"):
            assert (await staged.ask("DELETE", path)).status == 404
        assert len(staged.sessions) == 1


@pytest.mark.parametrize("code", ["consent-expired", "dtls-closed", "ice-timeout"])
async def test_who_vanishes_goes_by_what_its_media_says(code: str) -> None:
    async with stage() as staged:
        ann = await staged.scene.join()
        path = (await staged.publish()).headers["location"]
        await settle()
        media = staged.connections[-1].happen
        media.send_nowait(Connected())
        media.send_nowait(Silent())
        await settle()
        assert ann.left == [], "a session has no socket that could be lost"
        media.send_nowait(Failed(code, "gone"))
        await settle()
        assert len(ann.left) == 1
        assert (await staged.ask("GET", path)).status == 404
        assert not staged.sessions


OFFERS = {
    "rubbish": ("rubbish", 400, "offer-invalid"),
    "empty": ("", 400, "offer-invalid"),
    "no media": (Description([]).sdp(), 400, "offer-invalid"),
    "no bundle": (Description(bundle="LS 0").sdp(), 422, "no-bundle"),
    "no fingerprint": (Description(fingerprints=()).sdp(), 422, "no-fingerprint"),
    "sha-1": (Description(fingerprints=("sha-1 AB:CD",)).sdp(), 422, "unsupported-fingerprint"),
    "receives": (WATCHING, 422, "bad-direction"),
    "inactive": (Description([Section("0", direction="inactive")]).sdp(), 422, "bad-direction"),
    "no codec": (
        Description([Section("0", codecs=("a=rtpmap:96 H266/90000",))]).sdp(),
        422,
        "no-common-codec",
    ),
    "one of two": (
        Description(
            [Section("0"), Section("1", "audio", codecs=("a=rtpmap:111 ISAC/16000",))]
        ).sdp(),
        422,
        "no-common-codec",
    ),
    "three pictures": (
        Description([Section(str(number)) for number in range(3)]).sdp(),
        422,
        "too-many-tracks",
    ),
    "not SRTP": (PUBLISHING.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), 422, "offer-mismatch"),
    "too many lines": (
        Description([Section(str(number)) for number in range(200)]).sdp(),
        422,
        "too-many-lines",
    ),
    "huge": (PUBLISHING + "a=x\r\n" * 60_000, 413, "body-too-large"),
}


@pytest.mark.parametrize("kind", OFFERS)
async def test_an_offer_that_cannot_be_answered_makes_no_peer(kind: str) -> None:
    offer, status, code = OFFERS[kind]
    async with stage() as staged:
        told = await staged.post("/whip/r", offer)
        assert (told.status, told.json()["code"]) == (status, code)
        assert told.headers["content-type"] == "application/problem+json"
        assert told.json()["status"] == status
        assert told.json()["title"]
        assert told.json()["detail"] == told.json()["message"] != ""
        assert not staged.scene.noted(PeerJoined), "nobody has seen it come and go"
        assert staged.empty
        if code != "body-too-large":
            assert [fact.code for fact in staged.scene.noted(JoinRefused)] == [code]  # type: ignore[attr-defined]


async def test_a_data_channel_is_declined_and_the_media_taken() -> None:
    channel = (
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"
        "a=sctp-port:5000\r\n"
    )
    async with stage() as staged:
        offer = PUBLISHING.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + channel
        told = await staged.post("/whip/r", offer)
        assert told.status == 201
        assert "m=application 0 " in told.body


async def test_second_lines_are_the_shared_screen() -> None:
    kinds = ("video", "audio", "video", "audio")
    lines = [Section(str(number), kind) for number, kind in enumerate(kinds)]
    async with stage() as staged:
        assert (await staged.post("/whip/r", Description(lines).sdp())).status == 201
        await settle()
        (offer,) = staged.connections[0].offers
        assert {line.mid: line.source for line in offer.sending} == {
            "0": "camera",
            "1": "microphone",
            "2": "screen",
            "3": "screen-audio",
        }


async def test_simulcast_is_answered_with_all_its_encodings() -> None:
    rids = ("a=rid:0 send", "a=rid:1 send", "a=rid:2 send", "a=simulcast:send 0;1;2")
    async with stage() as staged:
        offer = Description([Section("0", more=rids), Section("1", "audio")]).sdp()
        told = await staged.post("/whip/r", offer)
        assert told.status == 201
        assert "a=simulcast:recv 0;1;2" in told.body


async def test_a_publisher_of_one_kind_alone() -> None:
    async with stage() as staged:
        told = await staged.post("/whip/r", Description([Section("0", "audio", codecs=OPUS)]).sdp())
        assert told.status == 201


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/whip/r", {"content_type": "text/plain"}, 415, "unsupported-media-type"),
        ("/whip/r", {"content_type": ""}, 415, "unsupported-media-type"),
        ("/whip/..", {}, 400, "bad-request"),
        ("/whip/a%20b", {}, 400, "bad-request"),
        (f"/whip/{'r' * 65}", {}, 400, "bad-request"),
        (f"/whip/r?name={'n' * 65}", {}, 400, "bad-request"),
        ("/whip/r", {"origin": "https://evil.example"}, 403, "origin-refused"),
        ("/whip/r", {"content_length": "999999999"}, 413, "body-too-large"),
    ],
)
async def test_a_request_that_is_wrong(
    path: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with stage() as staged:
        told = await staged.post(path, PUBLISHING, **headers)
        assert (told.status, told.json()["code"]) == (status, code)
        assert staged.empty


async def test_bytes_that_are_no_text() -> None:
    async with stage() as staged:
        told = await staged.ask("POST", "/whip/r", b"\xff\xfe\x00", content_type=SDP)
        assert (told.status, told.json()["code"]) == (400, "bad-request")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_the_endpoint_has_no_other_methods(method: str) -> None:
    async with stage() as staged:
        told = await staged.ask(method, "/whip/r", PUBLISHING, content_type=SDP)
        assert told.status == 405
        assert set(told.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_session_has_no_other_methods(method: str) -> None:
    async with stage() as staged:
        path = (await staged.publish()).headers["location"]
        assert (await staged.ask(method, path, PUBLISHING, content_type=SDP)).status == 405


async def test_a_get_finds_nothing_to_show_and_a_player_learns_what_it_is() -> None:
    async with stage() as staged:
        assert (await staged.ask("GET", "/whip/r")).status == 204
        for method in ("GET", "HEAD"):
            told = await staged.ask(method, "/whep/r")
            assert (told.status, told.body) == (200, "")
            assert told.headers["content-type"] == SDP


async def test_full_is_full_here_too() -> None:
    async with stage(max_peers=2) as staged:
        assert (await staged.publish()).status == 201
        assert (await staged.publish()).status == 201
        told = await staged.publish()
        assert (told.status, told.json()["code"]) == (503, "room-full")
        assert int(told.headers["retry-after"]) > 0
    async with stage(max_rooms=1) as staged:
        assert (await staged.publish("one")).status == 201
        assert (await staged.publish("two")).json()["code"] == "too-many-rooms"
    async with stage(whip=Whip(max_sessions=1)) as staged:
        assert (await staged.publish("one")).status == 201
        told = await staged.watch("two")
        assert (told.status, told.json()["code"]) == (503, "too-many-sessions")
        assert told.headers["retry-after"] == "10"


async def test_nobody_comes_in_while_the_server_is_overloaded() -> None:
    async with stage() as staged:
        staged.scene.level = Level.FULL
        told = await staged.publish()
        assert (told.status, told.json()["code"]) == (503, "server-busy")
        assert told.headers["retry-after"] == "10"


async def test_joins_of_one_address_are_counted_with_those_of_sockets(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as staged:
        told = None
        for _ in range(101):
            told = await staged.post("/whip/r", "rubbish", client="203.0.113.9")
        assert told is not None
        assert (told.status, told.json()["code"]) == (429, "too-many-joins-from-address")
        assert int(told.headers["retry-after"]) >= 1
        assert (await staged.publish()).status == 201


async def test_an_error_in_the_room_is_told_with_its_reference() -> None:
    async def broken(_offer: object) -> str:
        await trio.lowlevel.checkpoint()
        raise KeyError("a defect")

    async with stage() as staged:
        begun = await staged.publish()
        staged.connections[-1].negotiate = broken  # type: ignore[method-assign, assignment]
        told = await staged.patch(begun.headers["location"], RESTART, if_match="*")
        assert (told.status, told.json()["code"]) == (500, "peer-failed")
        assert told.json()["failure"].startswith("f-")
        await settle()
        assert staged.empty


async def test_a_room_that_an_operator_closes_ends_its_sessions() -> None:
    async with stage() as staged:
        path = (await staged.publish()).headers["location"]
        await Operating(staged.scene.rooms).end_room("r")
        assert (await staged.ask("DELETE", path)).status == 404
        assert staged.empty


async def test_a_stop_answers_who_still_waits() -> None:
    async with stage() as staged, trio.open_nursery() as nursery:
        told = []

        async def publish() -> None:
            told.append(await staged.publish())

        staged.pause = trio.Event()
        nursery.start_soon(publish)
        await settle()
        assert len(staged.sessions) == 1
        assert not told
        await staged.scene.rooms.stop()
        await settle()
        assert (told[0].status, told[0].json()["code"]) == (503, "server-stopping")
        assert int(told[0].headers["retry-after"]) > 0
        assert staged.empty
