"""FR-1.4, FR-1.5 and the payload schemas, for every kind of sensor."""

import time

from virtual import describe


def test_every_kind_of_board_sends_what_the_schemas_describe(observer, boards):
    boards(describe("board-1", "electrical"), describe("board-2", "thermal"), describe("board-3", "ambient"))
    for device, kind, level in [("board-1", "electrical", "electrical"), ("board-2", "thermal", "thermal"),
                                ("board-3", "environmental", "ambient")]:
        seen = observer.wait_for(lambda m, d=device: m.topic.endswith("/telemetry") and m.payload["device_id"] == d, 20)
        assert seen.payload["sensor_type"] == kind
        assert seen.topic.split("/")[4] == level
        assert seen.payload["thing_id"] == f"factory:eq-{device}"
        assert seen.qos == 1
        assert not seen.retain
        assert "quality" not in seen.payload
    count = observer.mark()
    observer.wait_for(lambda m: m.payload["device_id"] == "board-1" and m.payload.get("metadata", {}).get("seq", 0) >= 8, 15, count)
    sequence = sorted(seq for _, seq in observer.telemetry_of("board-1"))
    assert sequence == list(range(1, len(sequence) + 1))


def test_a_fleet_is_back_within_ten_seconds_of_a_broker_restart(observer, broker, boards):
    names = [f"fleet-{i}" for i in range(1, 61)]
    boards(*(describe(name, "thermal") for name in names))
    for name in names:
        observer.wait_for(lambda m, d=name: m.payload["device_id"] == d and m.topic.endswith("/status"), 40)
    broker.stop()
    since = observer.mark()
    broker.start()
    back = time.monotonic()
    slowest = 0.0
    for name in names:
        birth = observer.wait_for(lambda m, d=name: m.payload["device_id"] == d and m.topic.endswith("/status")
                                  and m.payload.get("diagnostics", {}).get("mqtt_reconnects", 0) >= 1, 20, since)
        slowest = max(slowest, birth.at - back)
    print(f"all {len(names)} boards were back {slowest:.1f} s after the broker")
    assert slowest < 10


def test_a_fleet_of_two_hundred_in_one_process(observer, boards):
    boards(*(describe(f"fleet-{i}", ("electrical", "thermal", "environmental")[i % 3]) for i in range(1, 201)))
    for i in range(1, 201):
        observer.wait_for(lambda m, d=f"fleet-{i}": m.payload["device_id"] == d and m.topic.endswith("/status"), 60)
    since = observer.mark()
    observer.wait_for(lambda m: m.payload["device_id"] == "fleet-3" and m.payload.get("metadata", {}).get("seq", 0) >= 15, 40, since)
    for i in range(1, 201, 3):
        seen = observer.telemetry_of(f"fleet-{i}")
        assert all(n == 1 for n in seen.values())
