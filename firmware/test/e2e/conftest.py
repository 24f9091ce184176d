"""What every end-to-end test stands on: certificates, a broker of its own, an observer, boards."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import certificates  # noqa: E402
from broker import Broker  # noqa: E402
from observer import Observer  # noqa: E402
from virtual import VirtualBoards, describe  # noqa: E402


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    certificates.make_authority(folder)
    certificates.make_server(folder)
    certificates.make_client(folder, "cert-board")
    for name in ("current", "next", "stranger"):
        certificates.make_signing_key(folder, name)
    return folder


@pytest.fixture
def broker(tmp_path, authority):
    broker = Broker(tmp_path / "broker", authority)
    for account in ["observer", "board-1", "board-2", "board-3", *(f"fleet-{i}" for i in range(1, 201))]:
        broker.add_account(account)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def observer(broker):
    observer = Observer(broker)
    yield observer
    observer.close()
    assert observer.problems == [], "payloads that violate the schemas"


@pytest.fixture
def boards(tmp_path, broker):
    """A function that starts boards; all of them end with the test, and none may have crashed."""
    started: list[VirtualBoards] = []

    def start(*descriptions: dict, **settings) -> VirtualBoards:
        fleet = VirtualBoards(tmp_path / f"boards-{len(started)}", broker, list(descriptions), **settings)
        started.append(fleet)
        return fleet.start()

    yield start
    for fleet in started:
        code = fleet.stop()
        assert code == 0, f"virtual-board ended with {code}: {fleet.log()[-3000:]}"


@pytest.fixture
def one(boards):
    """One electrical board, and its description."""
    description = describe("board-1")
    return boards(description), description


def pytest_terminal_summary(terminalreporter):
    """The closing line in the form that every runner here uses; an error in a fixture is a failure, so is a skip."""
    count = {name: len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    terminalreporter.write_line(f"{count['passed']} passed, {count['failed'] + count['error'] + count['skipped']} failed")
