"""A wrong ACL file never opens the broker: it closes it, until a good one comes."""
import os
import threading
import time
import unittest

import broker
from fixtures import NAMES, OVEN, REFUSED, RIGHTS, BrokerCase

TRUNCATED = RIGHTS[:RIGHTS.index("user archive")]


class WrongRights(BrokerCase):
    # 2.1 ends itself over its own acl_file, so there the guard decides alone.
    builtin_acl = broker.version() < (2, 1)

    def check_closed(self, device, archive):
        self.assertEqual(REFUSED, device.publish(OVEN + "/telemetry", qos=1))
        self.assertEqual(REFUSED, device.publish("openegiz/elsewhere", qos=1))
        self.assertEqual([], archive.messages(0.3))
        for client, topic in ((device, "openegiz/factory-a/oven/oven-001/command"),
                              (archive, "openegiz/#"), (archive, "$share/g/openegiz/#")):
            self.assertEqual(REFUSED, client.subscribe(topic))
        self.assertEqual(REFUSED, self.broker.client("egizcore").subscribe("openegiz/#"))

    def check_open(self, device, archive):
        self.assertEqual(0, device.publish(OVEN + "/telemetry", b"back", qos=1))
        self.assertEqual([(OVEN + "/telemetry", b"back")], archive.messages(2, 1))
        self.assertEqual(REFUSED, device.publish("openegiz/elsewhere", qos=1))

    def close_and_recover(self, spoil, reason):
        archive, device = self.archive(), self.device()
        self.check_open(device, archive)
        spoil()
        self.broker.reload()
        self.check_closed(device, archive)
        self.assertIn(reason, self.broker.events("reload_failed")[-1]["reason"])
        self.assertIn("everything is denied", self.broker.log())
        self.broker.write("rights", RIGHTS)
        self.broker.reload()
        self.check_open(device, archive)
        self.assertEqual(1, len(self.broker.events("reload")))

    def test_a_wrong_line(self):
        self.close_and_recover(lambda: self.broker.write("rights", RIGHTS + "topic raed x\n"),
                               "the access is not read, write, readwrite or deny")

    def test_cut_off_in_a_line(self):
        self.close_and_recover(lambda: self.broker.write("rights", RIGHTS[:150]), "half written")

    def test_cut_off_between_two_lines(self):
        self.close_and_recover(lambda: self.broker.write("rights", TRUNCATED), "half written")

    def test_missing(self):
        self.close_and_recover(lambda: os.unlink(self.broker.path("rights")), "cannot be opened")

    def test_empty(self):
        # An empty file is whole and gives nobody anything.
        archive, device = self.archive(), self.device()
        self.broker.write("rights", "")
        self.broker.reload()
        self.check_closed(device, archive)

    def test_unreadable(self):
        self.close_and_recover(lambda: os.chmod(self.broker.path("rights"), 0),
                               "Permission denied")

    def test_two_bad_reloads_then_a_good_one(self):
        archive, device = self.archive(), self.device()
        for _ in range(2):
            self.broker.write("rights", "nonsense\n")
            self.broker.reload()
            self.check_closed(device, archive)
        self.broker.write("rights", RIGHTS)
        self.broker.reload()
        self.check_open(device, archive)


class WrongRightsGuardDecides(WrongRights):
    builtin_acl = False

    def test_a_directory(self):
        archive, device = self.archive(), self.device()
        os.unlink(self.broker.path("rights"))
        os.mkdir(self.broker.path("rights"))
        self.broker.reload()
        self.check_closed(device, archive)
        self.assertIn("not a regular file", self.broker.events("reload_failed")[-1]["reason"])


class WrongAccounts(BrokerCase):
    def test_a_wrong_account_file_changes_nothing(self):
        archive, device = self.archive(), self.device()
        self.broker.write("accounts", self.accounts.replace("end 6", "end 7"))
        self.broker.reload()
        self.assertIn("number of accounts", self.broker.events("reload_failed")[-1]["reason"])
        self.assertEqual(0, device.publish(OVEN + "/telemetry", qos=1))
        self.assertEqual(1, len(archive.messages(1, 1)))
        self.assertEqual(0, self.broker.client("egizcore", client_id="egizcore-2").code)
        self.assertEqual(REFUSED, self.broker.client("nobody", client_id="nobody-2").code)


class Reload(BrokerCase):
    def test_a_withdrawn_right_is_gone_and_a_new_one_works(self):
        archive, device = self.archive(), self.device()
        self.broker.write("rights", RIGHTS.replace(OVEN + "/telemetry", OVEN + "/other"))
        self.broker.reload()
        self.assertEqual(REFUSED, device.publish(OVEN + "/telemetry", qos=1))
        self.assertEqual(0, device.publish(OVEN + "/other", qos=1))
        self.assertEqual(1, len(archive.messages(0.5)))

    def test_a_delivery_right_withdrawn_under_a_subscription(self):
        archive, device = self.archive(), self.device()
        self.broker.write("rights", RIGHTS.replace("user archive\ntopic read openegiz/#",
                                                   "user archive\ntopic read elsewhere/#"))
        self.broker.reload()
        self.assertLess(device.publish(OVEN + "/telemetry", qos=1), 0x80)
        self.assertEqual([], archive.messages(0.5))
        self.broker.wait_event("acl_denied", account="archive", access="deliver")

    def test_connected_clients_stay_and_are_not_logged_again(self):
        device = self.device()
        self.broker.reload()
        self.broker.reload()
        self.assertTrue(device.alive())
        self.assertEqual(1, len(self.broker.events("connect")))

    def test_an_offline_session_survives_and_gets_its_messages(self):
        archive = self.archive(clean=False, expiry=300)
        archive.disconnect()
        self.broker.wait_event("disconnect", account="archive")
        device = self.device()
        self.assertEqual(0, device.publish(OVEN + "/telemetry", b"1", qos=1))
        self.assertEqual(0, device.publish(OVEN + "/telemetry", b"2", qos=1))
        archive = self.broker.client("archive", clean=False, expiry=300)
        self.assertEqual([b"1", b"2"], [m[1] for m in archive.messages(2, 2)])

    def test_the_log_is_opened_anew(self):
        self.device()
        self.broker.wait_event("connect")
        os.rename(self.broker.path("audit.jsonl"), self.broker.path("audit.moved"))
        self.broker.reload()
        self.assertEqual("reload", self.broker.events()[0]["event"])

    def test_reloads_under_load_lose_no_message_and_no_client(self):
        archive, core = self.archive(), self.broker.client("egizcore")
        topic, total = "openegiz/factory-a/oven/oven-001/command", 3000
        codes = []

        def publish():
            for start in range(0, total, 20):
                core.sock.sendall(b"".join(core.publish_packet(topic, b"%d" % n, 1)
                                           for n in range(start, start + 20)))
                codes.extend(core.ack() for _ in range(20))
                time.sleep(0.015)
        thread = threading.Thread(target=publish)
        thread.start()
        for i in range(10):
            self.broker.write("rights", RIGHTS.replace("# end", f"# round {i}\n# end"))
            self.broker.reload()
        thread.join()
        self.assertEqual([0] * total, codes)
        got = [int(m[1]) for m in archive.messages(5, total)]
        self.assertEqual(list(range(total)), got)


class Start(unittest.TestCase):
    """What is wrong at the start is told and the broker does not start."""

    def refuse(self, rights, accounts, options, words):
        b = broker.Broker(rights, accounts, options, names=NAMES, builtin_acl=False)
        try:
            b.process.wait(10)
            self.assertIn(words, b.log())
        finally:
            code = b.stop()
        self.assertNotEqual(0, code)

    def test_wrong_rights(self):
        self.refuse("topic read\n", None, {}, "line 1: the topic is missing")

    def test_wrong_accounts(self):
        self.refuse(RIGHTS, "egiz-accounts 1\naccount a device\n", {}, "half written")

    def test_an_unknown_option(self):
        self.refuse(RIGHTS, None, {"rte": "5"}, "there is no option rte")

    def test_a_wrong_value(self):
        self.refuse(RIGHTS, None, {"rate": "many"}, "rate must be a number from 0 to 1000000")

    def test_an_audit_file_that_cannot_be(self):
        self.refuse(RIGHTS, None, {"audit_file": "/nowhere/audit.jsonl"}, "cannot be opened")


if __name__ == "__main__":
    unittest.main()
