#!/usr/bin/python3
"""What the guard plugin costs: the same load with and without it, in turns.

Each round starts a fresh broker without the plugin, with it beside the
broker's own acl_file (acl_decides both) and with it alone (acl_decides
guard), in an order that rotates. The figure that counts is the broker's CPU
time per message, of which throughput on one core is the inverse; and of the
rounds the best one, because other work on the machine only ever adds to it.
Needs Debian's mosquitto, gcc and a built plugin:

    bench.py PLUGIN [--rounds 15] [--messages 60000] [--publishers 200]
"""
import argparse
import base64
import hashlib
import os
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MOSQUITTO = os.environ.get("EGIZ_MOSQUITTO") or shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
MODES = ("without", "both", "guard")


def password_line(name):
    salt = hashlib.sha256(name.encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", name.encode(), salt, 101)
    return f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def write_files(folder, publishers):
    boards = [f"b{i}" for i in range(publishers)]
    with open(f"{folder}/passwords", "w", encoding="utf-8") as file:
        file.writelines(password_line(name) for name in boards + ["archive"])
    with open(f"{folder}/rights", "w", encoding="utf-8") as file:
        for name in boards:
            file.write(f"user {name}\ntopic write openegiz/factory-a/press/{name}/thermal/telemetry\n"
                       f"topic write openegiz/factory-a/press/{name}/thermal/status\n"
                       f"topic read openegiz/factory-a/press/{name}/command\n")
        file.write("user archive\ntopic read openegiz/#\n")
    with open(f"{folder}/accounts", "w", encoding="utf-8") as file:
        # A limit that is checked and never reached.
        file.writelines(["egiz-accounts 1\n"] + [f"account {n} device rate=1000000\n" for n in boards]
                        + [f"end {len(boards)}\n"])


def write_config(folder, mode, port, plugin):
    lines = ["allow_anonymous false", f"password_file {folder}/passwords", "set_tcp_nodelay true",
             "max_queued_messages 100000", "max_inflight_messages 20000", "log_dest none",
             f"listener {port} 127.0.0.1"]
    if mode != "guard":
        lines.insert(0, f"acl_file {folder}/rights")
    if mode != "without":
        shutil.copy(plugin, f"{folder}/guard.so")
        lines += [f"plugin {folder}/guard.so", f"plugin_opt_acl_file {folder}/rights",
                  f"plugin_opt_account_file {folder}/accounts",
                  f"plugin_opt_audit_file {folder}/audit.jsonl", f"plugin_opt_acl_decides {mode}"]
    with open(f"{folder}/mosquitto.conf", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def start(folder):
    if os.geteuid() == 0:
        user = pwd.getpwnam("mosquitto")
        for name in ["."] + os.listdir(folder):
            os.chown(os.path.join(folder, name), user.pw_uid, user.pw_gid)
    return subprocess.Popen([MOSQUITTO, "-c", f"{folder}/mosquitto.conf"], stderr=subprocess.DEVNULL,
                            preexec_fn=lambda: pin(0))


def pin(core):
    """Broker and generator on cores of their own, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core]})


def wait_for(port, broker):
    for _ in range(500):
        if broker.poll() is not None:
            raise SystemExit("the broker did not start")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)


def one_run(mode, qos, args, flood):
    """Broker CPU µs per message, and messages per second."""
    folder = tempfile.mkdtemp(prefix="egiz-guard-bench-")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    write_files(folder, args.publishers)
    write_config(folder, mode, port, args.plugin)
    broker = start(folder)
    try:
        wait_for(port, broker)
        run = [flood, str(port), str(qos), str(args.publishers)]
        warm = run + ["2000", "300"]
        subprocess.run(warm, check=True, capture_output=True, preexec_fn=lambda: pin(1))
        before = cpu_seconds(broker.pid)
        done = subprocess.run(run + [str(args.messages), "300"], check=True, capture_output=True,
                              text=True, preexec_fn=lambda: pin(1))
        used = cpu_seconds(broker.pid) - before
        delivered, took, _ = done.stdout.split()
        return used / int(delivered) * 1e6, int(delivered) / float(took)
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait()
        shutil.rmtree(folder)


def report(qos, results):
    print(f"QoS {qos}: broker CPU per message over {len(results['without'])} rounds")
    base = [cpu for cpu, _ in results["without"]]
    for mode in MODES:
        cpus, rates = zip(*results[mode])
        pairs = [c / b for c, b in zip(cpus, base)]
        print(f"  {mode:8} best {min(cpus):6.2f} us, ratio {min(cpus) / min(base):.3f}"
              f"; median {statistics.median(cpus):6.2f} us, of the pairs {statistics.median(pairs):.3f}"
              f"; {max(rates):.0f} messages/s at best")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plugin")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--messages", type=int, default=60000)
    parser.add_argument("--publishers", type=int, default=200)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: exit(1))  # ends the running broker too
    with tempfile.TemporaryDirectory() as folder:
        flood = f"{folder}/flood"
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", flood,
                        f"{HERE}/flood.c"], check=True)
        for qos in (0, 1):
            results = {mode: [] for mode in MODES}
            for i in range(args.rounds):
                for mode in MODES[i % 3:] + MODES[:i % 3]:
                    results[mode].append(one_run(mode, qos, args, flood))
            report(qos, results)


if __name__ == "__main__":
    main()
