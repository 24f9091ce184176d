"""SEC-6: who came, who was refused, who left; and a client id is the account's."""
import unittest

import broker
import mqtt
from fixtures import REFUSED, BrokerCase, make_certificates, tls_context

TLS = """listener {tls} 127.0.0.1
cafile {dir}/ca.crt
certfile {dir}/server.crt
keyfile {dir}/server.key
"""
SUBJECTS = {"server": "/CN=localhost", "core": "/CN=egizcore", "oven": "/CN=esp32-oven001-elec",
            "unnamed": "/O=Nobody"}


class Audit(BrokerCase):
    def test_a_login_and_a_goodbye(self):
        self.device().disconnect()
        self.broker.wait_event("disconnect", account="esp32-oven001-elec")
        event = self.broker.events("connect")[0]
        self.assertEqual("esp32-oven001-elec", event["account"])
        self.assertEqual("esp32-oven001-elec", event["client_id"])
        self.assertEqual("127.0.0.1", event["address"])
        self.assertEqual("5.0", event["mqtt"])
        self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        seqs = [e["seq"] for e in self.broker.events()]
        self.assertEqual(sorted(set(seqs)), seqs)

    def test_a_login_shows_before_the_client_does_anything(self):
        self.device()
        self.broker.wait_event("connect", account="esp32-oven001-elec")

    def test_a_wrong_password_is_a_refused_login(self):
        client = self.broker.connect("archive", "archive", "wrong")
        self.assertEqual(REFUSED, client.code)
        event = self.broker.wait_event("refused", account="archive")
        self.assertEqual("unknown account or wrong password", event["reason"])
        self.assertEqual("127.0.0.1", event["address"])
        self.assertEqual([], self.broker.events("connect"))

    def test_an_unknown_account_is_a_refused_login(self):
        client = self.broker.connect("ghost", "ghost", "x")
        self.assertEqual(REFUSED, client.code)
        self.broker.wait_event("refused", account="ghost", client_id="ghost")

    def test_nobody_without_an_account(self):
        client = self.broker.connect("someone")
        self.assertEqual(REFUSED, client.code)
        event = self.broker.wait_event("refused", client_id="someone")
        self.assertNotIn("account", event)

    def test_a_takeover_names_both_ends(self):
        first, second = self.device(), self.device()
        self.assertTrue(second.alive())
        with self.assertRaises(mqtt.Closed):
            first.read()
            first.read()
        event = self.broker.wait_event("takeover", account="esp32-oven001-elec")
        self.assertEqual("esp32-oven001-elec", event["by_account"])
        self.assertEqual("127.0.0.1", event["by_address"])
        self.assertEqual(2, len(self.broker.events("connect")))

    def test_hostile_bytes_stay_valid_json(self):
        name = 'x","event":"forged\\\u20ac' + "\u00e9" * 300
        self.broker.connect(name, name, "x")
        event = self.broker.wait_event("refused")
        self.assertTrue(name.startswith(event["account"]))
        self.assertLessEqual(len(event["account"].encode()), 127)

    def test_a_session_resumed_by_the_same_client_is_no_takeover(self):
        self.device(expiry=300, clean=False).disconnect()
        self.broker.wait_event("disconnect")
        self.assertEqual(1, self.device(expiry=300, clean=False).present)
        self.broker.wait_for(lambda: len(self.broker.events("connect")) == 2)
        self.assertEqual([], self.broker.events("takeover"))


class ClientIds(BrokerCase):
    def test_a_device_has_exactly_its_account_as_client_id(self):
        for borrowed in ("esp32-oven002-elec", "esp32-oven001-elec-x", "ESP32-oven001-elec", "x"):
            self.assertEqual(REFUSED, self.device(client_id=borrowed).code, borrowed)
        event = self.broker.wait_event("refused", client_id="esp32-oven002-elec")
        self.assertEqual("the client id is not the account's", event["reason"])

    def test_a_borrowed_id_does_not_end_the_owners_session(self):
        owner = self.broker.client("esp32-oven002-elec")
        self.assertEqual(REFUSED, self.device(client_id="esp32-oven002-elec").code)
        self.assertTrue(owner.alive())
        self.assertEqual([], self.broker.events("takeover"))

    def test_a_service_may_add_a_role(self):
        self.assertEqual(0, self.broker.client("egizcore", client_id="egizcore").code)
        self.assertEqual(0, self.broker.client("egizcore", client_id="egizcore-outbox").code)
        for bad in ("egizcore-", "egizcore-a/b", "egizcorex", "egizcore.outbox"):
            self.assertEqual(REFUSED, self.broker.client("egizcore", client_id=bad).code, bad)

    def test_an_account_that_the_file_does_not_name_is_held_as_a_device(self):
        self.assertEqual(REFUSED, self.broker.client("nobody", client_id="nobody-1").code)
        self.assertEqual(0, self.broker.client("nobody").code)


class AnyClientId(BrokerCase):
    options = {"client_id": "any"}

    def test_the_check_can_be_turned_off(self):
        self.assertEqual(0, self.device(client_id="anything").code)


class CertificateCase(BrokerCase):
    """A broker whose certificates are there before it starts."""

    def make_broker(self):
        def certificates(folder):
            make_certificates(folder, SUBJECTS)
        return super().make_broker(certificates)

    def tls_client(self, name, client_id, **kwargs):
        context = tls_context(self.broker.dir, name)
        return self.broker.connect(client_id, port=self.broker.tls_port, tls=context, **kwargs)


class Certificates(CertificateCase):
    """8885's shape: certificates, the guard makes the CN the account."""
    kept = [b"1"]
    extra = TLS + "require_certificate true\n"
    options = {"cert_login": "true"}

    def test_the_common_name_is_the_account(self):
        core = self.tls_client("core", "egizcore-1")
        self.assertEqual(0, core.code)
        self.assertEqual(1, core.subscribe("openegiz/#"))
        event = self.broker.wait_event("connect", account="egizcore")
        self.assertEqual("TLSv1.3", event["tls"])
        self.assertEqual("egizcore-1", event["client_id"])

    def test_a_borrowed_id_is_refused(self):
        owner = self.broker.client("esp32-oven001-elec")
        self.assertEqual(REFUSED, self.tls_client("core", "esp32-oven001-elec").code)
        self.broker.wait_event("refused", account="egizcore")
        self.assertTrue(owner.alive())

    def test_a_user_name_in_the_login_changes_nothing(self):
        client = self.tls_client("oven", "archive", username="archive", password="archive-pw")
        self.assertEqual(REFUSED, client.code)
        client = self.tls_client("oven", "esp32-oven001-elec", username="archive")
        self.assertEqual(0, client.code)
        self.assertEqual(REFUSED, client.subscribe("openegiz/#"))

    def test_a_session_without_its_client_gets_its_messages_over_a_reload(self):
        core = self.tls_client("core", "egizcore-1", clean=False, expiry=300)
        self.assertLess(core.subscribe("openegiz/#"), 0x80)
        core.disconnect()
        self.broker.wait_event("disconnect", account="egizcore")
        self.broker.reload()
        topic = "openegiz/factory-a/oven/oven-001/electrical/telemetry"
        self.assertEqual(0, self.device().publish(topic, b"1", qos=1))
        core = self.tls_client("core", "egizcore-1", clean=False, expiry=300)
        self.assertEqual(self.kept, [m[1] for m in core.messages(2, 1)])

    def test_a_certificate_without_a_name_is_refused(self):
        self.assertEqual(REFUSED, self.tls_client("unnamed", "x").code)
        event = self.broker.wait_event("refused", client_id="x")
        self.assertEqual("the certificate has no usable common name", event["reason"])

    def test_a_reload_keeps_clients_in(self):
        core = self.tls_client("core", "egizcore-1")
        self.broker.reload()
        self.assertTrue(core.alive())
        self.assertEqual([], self.broker.events("disconnect"))

    def test_what_never_logs_in_is_told_too(self):
        context = tls_context(self.broker.dir)
        with self.assertRaises((mqtt.Closed, OSError)):
            self.broker.connect("x", port=self.broker.tls_port, tls=context)
        if broker.version() < (2, 1):
            self.broker.wait_event("closed_before_login", address="127.0.0.1")


class BrokersOwnCertificateLogin(Certificates):
    """use_identity_as_username: 2.0 asks no plugin, so the guard acts after."""
    # 2.0 takes the rights in its own acl_file from such a session, until its client is back.
    kept = [] if broker.version() < (2, 1) else [b"1"]
    extra = TLS + "require_certificate true\nuse_identity_as_username true\n"
    options = {}

    def test_a_borrowed_id_is_refused(self):
        thief = self.tls_client("core", "esp32-oven002-elec")
        # It is in already: the first act is denied and the connection ended.
        try:
            self.assertEqual(REFUSED, thief.subscribe("openegiz/#"))
            thief.read()
        except mqtt.Closed:
            pass
        self.broker.wait_event("refused", account="egizcore", client_id="esp32-oven002-elec")
        self.broker.wait_event("disconnect", client_id="esp32-oven002-elec")
        self.assertFalse(thief.alive())

    def test_a_certificate_without_a_name_is_refused(self):
        with self.assertRaises((mqtt.Closed, AssertionError)):
            self.assertEqual(0, self.tls_client("unnamed", "x").code)

    def test_a_user_name_in_the_login_changes_nothing(self):
        client = self.tls_client("oven", "esp32-oven001-elec", username="archive")
        self.assertEqual(REFUSED, client.subscribe("openegiz/#"))

    def test_a_client_that_does_nothing_is_seen_when_it_leaves(self):
        self.tls_client("oven", "esp32-oven001-elec").disconnect()
        event = self.broker.wait_event("connect", account="esp32-oven001-elec")
        self.assertEqual("TLSv1.3", event["tls"])
        self.broker.wait_event("disconnect", account="esp32-oven001-elec")


class Passwords(CertificateCase):
    """8883's shape: TLS without a client certificate."""
    extra = TLS

    def test_the_tls_version_where_the_broker_lets_plugins_see_it(self):
        context = tls_context(self.broker.dir)
        client = self.broker.client("archive", port=self.broker.tls_port, tls=context)
        self.assertEqual(0, client.code)
        event = self.broker.wait_event("connect", account="archive")
        self.assertEqual("TLSv1.3" if broker.version() >= (2, 1) else None, event.get("tls"))


if __name__ == "__main__":
    unittest.main()
