"""A SUBSCRIBE that no right covers is refused; denials are in the audit log."""
import unittest

from fixtures import OVEN, REFUSED, BrokerCase


class Subscriptions(BrokerCase):
    def test_what_no_right_covers_is_refused(self):
        device = self.device()
        for topic in ("#", "+/#", "openegiz/#", "openegiz/factory-a/oven/+/command",
                      OVEN + "/telemetry", "$SYS/#", "inbox/archive/x"):
            self.assertEqual(REFUSED, device.subscribe(topic), topic)
        self.assertTrue(device.alive())

    def test_what_a_right_covers_is_granted(self):
        self.assertEqual(1, self.device().subscribe("openegiz/factory-a/oven/oven-001/command"))
        archive = self.broker.client("archive")
        for topic in ("openegiz/#", "openegiz", "openegiz/+/+/+/thermal/telemetry"):
            self.assertEqual(1, archive.subscribe(topic), topic)
        self.assertEqual(1, self.broker.client("watch").subscribe("$SYS/broker/#"))

    def test_a_pattern_right_covers_only_the_own_name(self):
        watch = self.broker.client("watch")
        self.assertEqual(1, watch.subscribe("inbox/watch/#"))
        self.assertEqual(REFUSED, watch.subscribe("inbox/+/#"))
        self.assertEqual(REFUSED, watch.subscribe("inbox/archive/a"))

    def test_a_filter_that_touches_a_denied_topic_is_refused(self):
        auditor = self.broker.client("auditor")
        self.assertEqual(REFUSED, auditor.subscribe("openegiz/#"))
        self.assertEqual(REFUSED, auditor.subscribe("openegiz/factory-a/+/x"))
        self.assertEqual(1, auditor.subscribe("openegiz/factory-a/oven/#"))

    def test_mqtt_311_gets_its_own_failure_code(self):
        self.assertEqual(0x80, self.device(version=4).subscribe("openegiz/#"))

    def test_a_share_group_cannot_be_joined_without_the_right(self):
        member = self.broker.client("archive")
        self.assertEqual(1, member.subscribe("$share/telegraf/openegiz/#"))
        device = self.device()
        thief = self.broker.client("esp32-oven002-elec")
        for topic in ("$share/telegraf/openegiz/#", "$share/telegraf/#", "$share/other/openegiz/#"):
            self.assertEqual(REFUSED, thief.subscribe(topic), topic)
        for i in range(20):
            self.assertEqual(0, device.publish(OVEN + "/telemetry", b"%d" % i, qos=1))
        self.assertEqual([b"%d" % i for i in range(20)], [m[1] for m in member.messages(1)])
        self.assertEqual([], thief.messages(0.2))

    def test_unsubscribe_is_never_refused(self):
        self.assertLess(self.device().unsubscribe("openegiz/#"), 0x80)


class Denials(BrokerCase):
    def test_a_denied_publish_is_told_and_audited(self):
        archive, device = self.archive(), self.device()
        foreign = "openegiz/factory-a/oven/oven-002/electrical/telemetry"
        self.assertEqual(REFUSED, device.publish(foreign, qos=1))
        self.assertEqual([], archive.messages(0.3))
        event = self.broker.wait_event("acl_denied", access="publish")
        self.assertEqual("esp32-oven001-elec", event["account"])
        self.assertEqual(foreign, event["topic"])
        self.assertEqual("127.0.0.1", event["address"])

    def test_a_denied_subscription_is_audited(self):
        self.device().subscribe("$share/g/openegiz/#")
        event = self.broker.wait_event("acl_denied", access="subscribe")
        self.assertEqual("$share/g/openegiz/#", event["topic"])

    def test_repeated_denials_are_counted_not_repeated(self):
        device = self.device()
        for _ in range(200):
            device.publish("openegiz/elsewhere", qos=1)
        device.disconnect()
        self.broker.wait_event("disconnect", account="esp32-oven001-elec")
        events = self.broker.events("acl_denied")
        self.assertEqual(200, sum(e["count"] for e in events))
        self.assertLess(len(events), 10)

    def test_a_will_without_the_right_is_not_sent(self):
        archive = self.archive()
        device = self.device(will=("openegiz/elsewhere", b"gone"))
        device.close()
        self.broker.wait_event("acl_denied", access="publish", topic="openegiz/elsewhere")
        self.assertEqual([], archive.messages(0.3))


class GuardDecides(Subscriptions):
    """acl_decides guard: the same answers without the broker's own acl_file."""
    builtin_acl = False

    def test_publish_and_delivery_are_decided(self):
        archive, device = self.archive(), self.device()
        self.assertEqual(0, device.publish(OVEN + "/telemetry", qos=1))
        self.assertEqual(REFUSED, device.publish("openegiz/elsewhere", qos=1))
        self.assertEqual(1, len(archive.messages(0.5)))


if __name__ == "__main__":
    unittest.main()
