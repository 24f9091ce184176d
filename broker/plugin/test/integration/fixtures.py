"""The rights, accounts and certificates that the tests share."""
import os
import ssl
import subprocess
import unittest

import broker

OVEN = "openegiz/factory-a/oven/oven-001/electrical"
RIGHTS = f"""# egiz-acl 1
user esp32-oven001-elec
topic write {OVEN}/telemetry
topic write {OVEN}/status
topic read openegiz/factory-a/oven/oven-001/command

user esp32-oven002-elec
topic write openegiz/factory-a/oven/oven-002/electrical/telemetry

user archive
topic read openegiz/#

user auditor
topic read openegiz/#
topic deny openegiz/factory-a/secret/#

user egizcore
topic read openegiz/#
topic write openegiz/+/+/+/command

user watch
topic read $SYS/#
pattern read inbox/%u/#
# end
"""

ACCOUNTS = """egiz-accounts 1
account esp32-oven001-elec device
account esp32-oven002-elec device rate=50 burst=20
account archive service rate=unlimited
account auditor service
account egizcore service rate=2000 burst=4000
account watch service
end 6
"""

NAMES = ("esp32-oven001-elec", "esp32-oven002-elec", "archive", "auditor", "egizcore", "watch",
         "nobody")
REFUSED = 0x87
QUOTA = 0x97 if broker.version() >= (2, 1) else 0x87


class BrokerCase(unittest.TestCase):
    """One broker a test; stopping it also checks its exit and its stderr."""
    rights, accounts, options, extra, builtin_acl = RIGHTS, ACCOUNTS, {}, "", True

    def setUp(self):
        self.broker = self.make_broker()
        self.assertTrue(self.broker.running(), self.broker.log())
        self.addCleanup(self._stop)

    def make_broker(self, prepare=None):
        return broker.Broker(self.rights, self.accounts, self.options, self.extra, NAMES,
                             self.builtin_acl, prepare)

    def _stop(self):
        was_running = self.broker.running()
        log = self.broker.log()
        code = self.broker.stop()
        self.assertTrue(was_running, "the broker had ended: " + log[-2000:])
        self.assertEqual(0, code)

    def device(self, **kwargs):
        return self.broker.client("esp32-oven001-elec", **kwargs)

    def archive(self, **kwargs):
        client = self.broker.client("archive", **kwargs)
        self.assertLess(client.subscribe("openegiz/#"), 0x80)
        return client


def openssl(*args):
    subprocess.run(("openssl",) + args, check=True, capture_output=True)


def make_certificates(folder, names):
    """A CA, a server certificate and one client certificate a name (EC P-256)."""
    ca_key, ca = os.path.join(folder, "ca.key"), os.path.join(folder, "ca.crt")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "2",
            "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, subject in names.items():
        base = os.path.join(folder, name)
        openssl("req", *curve, "-keyout", base + ".key", "-out", base + ".csr", "-subj", subject)
        openssl("x509", "-req", "-in", base + ".csr", "-CA", ca, "-CAkey", ca_key,
                "-CAcreateserial", "-out", base + ".crt", "-days", "2")


def tls_context(folder, name=None):
    context = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
    context.check_hostname = False
    if name:
        base = os.path.join(folder, name)
        context.load_cert_chain(base + ".crt", base + ".key")
    return context
