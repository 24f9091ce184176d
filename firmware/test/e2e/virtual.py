"""Virtual boards as processes."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

BINARY = os.environ.get("VIRTUAL_BOARD", str(Path(__file__).resolve().parents[2] / "build" / "asan" / "virtual-board"))


def describe(device_id: str, sensor: str = "electrical", equipment: str | None = None, **more) -> dict:
    """A board's entry; every board gets an equipment of its own, so that its command topic is its own too."""
    return {"device_id": device_id, "factory_id": "factory-a", "equipment_type": "oven",
            "equipment_id": equipment or f"eq-{device_id}", "sensor_type": sensor, **more}


class VirtualBoards:
    def __init__(self, folder: Path, broker, boards: list[dict], **settings):
        self.folder = folder
        self.boards = boards
        folder.mkdir(parents=True, exist_ok=True)
        password = folder / "password"
        password.write_text(broker.password + "\n")
        for board in boards:
            board.setdefault("flashFile", str(folder / f"{board['device_id']}.flash"))
            if "certFile" not in board:
                board.setdefault("passwordFile", str(password))
        config = {"url": broker.url, "caFile": str(broker.certificates / "ca.crt"), "boards": boards, **settings}
        self.config = folder / "boards.json"
        self.config.write_text(json.dumps(config))
        self.process = None

    def start(self) -> "VirtualBoards":
        log = open(self.folder / "boards.log", "ab")
        self.process = subprocess.Popen([BINARY, "--config", str(self.config)], stdout=log, stderr=log)
        log.close()
        return self

    def kill(self) -> None:
        """As power does: nothing can be said or saved any more."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def freeze(self) -> None:
        """As a cable does: the connection stays open and nothing comes."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(15)
        self.process = None
        return code

    def log(self) -> str:
        return (self.folder / "boards.log").read_text(errors="replace")


def settle(seconds: float) -> None:
    """Lets real time pass where the specification speaks of time."""
    time.sleep(seconds)
