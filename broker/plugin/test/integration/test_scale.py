"""Ten thousand accounts: they load, reload under load, and limits hold."""
import threading
import time
import unittest

import broker
from fixtures import RIGHTS, BrokerCase

COUNT = 10000


def name(i):
    return f"board-{i:05d}"


def topic(i):
    return f"openegiz/factory-b/press/press-{i:05d}/thermal/telemetry"


MANY_RIGHTS = RIGHTS.removesuffix("# end\n") + "".join(
    f"user {name(i)}\ntopic write {topic(i)}\ntopic read openegiz/factory-b/press/press-{i:05d}/command\n"
    for i in range(COUNT)) + "# end\n"
MANY_ACCOUNTS = "egiz-accounts 1\naccount archive service rate=unlimited\n" + "".join(
    f"account {name(i)} device rate={10 + i % 90}\n" for i in range(COUNT)) + f"end {COUNT + 1}\n"


class TenThousandAccounts(BrokerCase):
    # The broker's own list walk over 10,000 accounts is not what is tested.
    rights, accounts, builtin_acl = MANY_RIGHTS, MANY_ACCOUNTS, False

    def make_broker(self, prepare=None):
        def passwords(folder):
            with open(folder + "/passwords", "a", encoding="utf-8") as file:
                file.writelines(broker.password_line(name(i), name(i) + "-pw")
                                for i in range(0, COUNT, 100))
        return super().make_broker(passwords)

    def test_each_has_its_own_rights_and_rate(self):
        archive = self.archive()
        for i in (0, 4900, 9900):
            board = self.broker.client(name(i))
            self.assertEqual(0, board.publish(topic(i), qos=1))
            self.assertEqual(0x87, board.publish(topic(i + 1), qos=1))
            burst = b"".join(board.publish_packet(topic(i), qos=1) for _ in range(60))
            board.sock.sendall(burst)
            passed = sum(1 for _ in range(60) if board.ack() < 0x80)
            rate = 10 + i % 90
            self.assertTrue(rate - 1 <= passed <= min(60, rate + 5), (rate, passed))
        self.assertGreater(len(archive.messages(0.5)), 27)
        self.assertIn(f"{COUNT + 1} accounts", self.reload_line())

    def reload_line(self):
        self.broker.reload()
        return [line for line in self.broker.log().splitlines() if "guard: reloaded" in line][-1]

    def test_reload_under_load_keeps_every_client_and_message(self):
        boards = [self.broker.client(name(i)) for i in range(0, COUNT, 100)]
        archive = self.archive()
        rounds = 30
        stop = threading.Event()

        def reload():
            while not stop.is_set():
                self.broker.reload()
        thread = threading.Thread(target=reload)
        thread.start()
        for n in range(rounds):
            for i, board in enumerate(boards):
                board.sock.sendall(board.publish_packet(topic(i * 100), b"%d" % n, 1))
            for board in boards:
                self.assertEqual(0, board.ack(20))
            time.sleep(0.1)
        stop.set()
        thread.join()
        self.assertEqual(rounds * len(boards), len(archive.messages(5, rounds * len(boards))))
        self.assertTrue(all(board.alive() for board in boards))
        self.assertEqual([], self.broker.events("acl_denied", "rate_limited", "disconnect"))


class ManyConnections(BrokerCase):
    options = {"client_id": "any"}

    def test_a_thousand_come_and_go_and_none_is_left(self):
        for _ in range(3):
            clients = [self.broker.client("nobody", client_id=f"c{i}") for i in range(334)]
            for client in clients:
                client.close()
        self.broker.wait_for(lambda: len(self.broker.events("disconnect")) == 1002)
        watch = self.broker.client("watch")
        time.sleep(1.1)
        self.assertEqual("1", self.broker.counter(watch, "clients/connected"))


if __name__ == "__main__":
    unittest.main()
