"""Commands over a real broker: configuration round trips, idempotence, retained and foreign commands, two-step reset."""

import hashlib
import json

import pytest

from broker import free_port
from payload_schemas import validator
from virtual import settle


def canonical(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def configure(observer, board, revision: int, settings: dict, **more) -> str:
    fields = {"revision": revision, "version": f"1.0.{revision}", "schema": "esp32-sensor/1", "settings": settings,
              "hash": hashlib.sha256(canonical(settings)).hexdigest(), "issued_at": "2026-01-01T00:00:00Z",
              "expires_at": "2099-12-31T00:00:00Z", **more}
    command = {"command": "config", "id": "x", "device_id": board["device_id"], **fields}
    assert [e.message for e in validator("urn:openegiz:schema:command").iter_errors(command)] == []
    return observer.command(board, "config", **fields)


@pytest.fixture
def online(observer, one):
    observer.wait_for(lambda m: m.topic.endswith("/status") and m.payload["status"] == "online", 15)
    return one


def test_configuration_round_trip(observer, online):
    _, board = online
    settings = {"telemetry_interval_s": 2, "log_level": "debug", "filter_window": 5}
    assert list(validator("urn:openegiz:schema:esp32-sensor:1").iter_errors(settings)) == []
    identifier = configure(observer, board, 1, settings)
    answer = observer.answer(identifier)
    assert (answer["state"], answer["code"]) == ("applied", "APPLIED")
    assert answer["reported_hash"] == hashlib.sha256(canonical(settings)).hexdigest()
    reply = observer.wait_for(lambda m: m.result.get("id") == identifier, 5)
    assert reply.correlation == identifier.encode()[:16]
    assert reply.qos == 2 and not reply.retain


def test_the_board_and_the_schema_agree_on_what_is_valid(observer, online):
    _, board = online
    candidates = [{}, {"telemetry_interval_s": 0}, {"telemetry_interval_s": 61}, {"telemetry_interval_s": 60},
                  {"telemetry_interval_s": "5"}, {"heartbeat_interval_s": 9}, {"heartbeat_interval_s": 10},
                  {"filter_window": 16}, {"log_level": "loud"}, {"colour": "red"}, {"confirm_timeout_s": 29},
                  {"broker": {"host": "x"}}, {"broker": {"host": "x", "port": 0}}, {"broker": 5}]
    schema = validator("urn:openegiz:schema:esp32-sensor:1")
    for revision, settings in enumerate(candidates, start=1):
        answer = observer.answer(configure(observer, board, revision, settings))
        expected = ("applied", "APPLIED") if schema.is_valid(settings) else ("rejected", "INVALID")
        assert (answer["state"], answer["code"]) == expected, settings
        assert (answer["errors"] == []) == schema.is_valid(settings)


def test_a_configuration_survives_a_pulled_plug(observer, online):
    process, board = online
    observer.answer(configure(observer, board, 7, {"telemetry_interval_s": 3}))
    process.kill()
    since = observer.mark()
    process.start()
    birth = observer.wait_for(lambda m: m.topic.endswith("/status") and m.payload["status"] == "online"
                              and m.payload["metadata"]["boot_id"] == 2, 15, since)
    assert birth.payload["configuration"]["revision"] == 7


def test_repeated_stale_and_conflicting_commands(observer, online):
    _, board = online
    first = configure(observer, board, 5, {"telemetry_interval_s": 3})
    assert observer.answer(first)["state"] == "applied"
    since = observer.mark()
    observer.command(board, "config", first, revision=6, settings={"telemetry_interval_s": 9}, hash="0" * 64)
    assert observer.answer(first, since=since)["code"] == "APPLIED"
    assert observer.answer(configure(observer, board, 4, {"telemetry_interval_s": 4}))["state"] == "superseded"
    assert observer.answer(configure(observer, board, 5, {"telemetry_interval_s": 4}))["code"] == "REVISION_CONFLICT"
    assert observer.answer(configure(observer, board, 6, {}, hash="a" * 64))["code"] == "HASH_MISMATCH"
    assert observer.answer(configure(observer, board, 6, {}, expires_at="2026-01-02T00:00:00Z"))["code"] == "EXPIRED"


def test_retained_and_foreign_commands_are_left_alone(observer, boards):
    from virtual import describe
    board = describe("board-1")
    retained = observer.command(board, "reboot", retain=True)
    boards(board)
    observer.wait_for(lambda m: m.topic.endswith("/telemetry"), 15)
    foreign = observer.command({**board, "device_id": "somebody-else"}, "reboot")
    settle(3)
    for identifier in (retained, foreign):
        assert not [m for m in observer.messages if m.result.get("id") == identifier]
    assert {b for b, _ in observer.telemetry_of("board-1")} == {1}


def test_identify_log_level_and_unknown(observer, online):
    _, board = online
    assert observer.answer(observer.command({**board, "device_id": "*"}, "identify", seconds=5))["state"] == "applied"
    assert observer.answer(observer.command(board, "log_level", level="debug"))["state"] == "applied"
    assert observer.answer(observer.command(board, "sing"))["code"] == "UNKNOWN_COMMAND"


def test_reboot_happens_once(observer, online):
    _, board = online
    identifier = observer.command(board, "reboot")
    assert observer.answer(identifier)["code"] == "REBOOTING"
    born_again = lambda m: m.payload.get("metadata", {}).get("boot_id") == 2  # noqa: E731
    observer.wait_for(born_again, 20)
    since = observer.mark()
    observer.command(board, "reboot", identifier)
    assert observer.answer(identifier, since=since)["code"] == "REBOOTING"
    settle(5)
    assert {b for b, _ in observer.telemetry_of("board-1")} == {1, 2}


def test_factory_reset_in_two_steps(observer, online):
    _, board = online
    observer.answer(configure(observer, board, 3, {"telemetry_interval_s": 3}))
    offer = observer.answer(observer.command(board, "factory_reset"), final=False)
    assert offer["code"] == "CONFIRM"
    assert observer.answer(observer.command(board, "factory_reset", token="0" * 8))["code"] == "BAD_TOKEN"
    offer = observer.answer(observer.command(board, "factory_reset"), final=False)
    assert observer.answer(observer.command(board, "factory_reset", token=offer["message"]))["code"] == "REBOOTING"
    since = observer.mark()
    birth = observer.wait_for(lambda m: m.topic.endswith("/status") and m.payload["status"] == "online"
                              and not m.result and m.payload["configuration"]["revision"] == 0, 20, since)
    # NVS is empty again: the boot counter starts over.
    assert birth.payload["metadata"]["boot_id"] == 1


def test_a_broker_that_is_not_there_is_undone(observer, online):
    _, board = online
    observer.answer(configure(observer, board, 1, {"telemetry_interval_s": 2}))
    identifier = configure(observer, board, 2, {"broker": {"host": "127.0.0.1", "port": free_port()}, "confirm_timeout_s": 30})
    assert observer.answer(identifier, final=False)["state"] == "received"
    answer = observer.answer(identifier, timeout=60)
    assert (answer["state"], answer["code"]) == ("failed", "BROKER_UNREACHABLE")
    assert answer["reported_hash"] == hashlib.sha256(canonical({"telemetry_interval_s": 2})).hexdigest()


def test_another_name_of_the_broker_is_kept(observer, broker, online):
    process, board = online
    identifier = configure(observer, board, 1, {"broker": {"host": "localhost", "port": broker.port}})
    assert observer.answer(identifier, timeout=30)["state"] == "applied"
    assert process.process.poll() is None
