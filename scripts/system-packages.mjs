// Installs what the tests need from Debian and is not there yet; as an ordinary user it says which command does it.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const needed = [
  { package: 'mosquitto', file: '/usr/sbin/mosquitto' },
  { package: 'mosquitto-clients', file: '/usr/bin/mosquitto_pub' },
  // The guard plugin, which a start builds; the benches' generator.
  { package: 'mosquitto-dev', file: '/usr/include/mosquitto_plugin.h' },
  { package: 'libmosquitto-dev', file: '/usr/include/mosquitto.h' },
  { package: 'libssl-dev', file: '/usr/include/openssl/ssl.h' },
  { package: 'cmake', file: '/usr/bin/cmake' },
  { package: 'make', file: '/usr/bin/make' },
  { package: 'gcc', file: '/usr/bin/gcc' },
  { package: 'libc6-dev', file: '/usr/include/stdlib.h' },
  // Shards behind HAProxy; units checked by systemd's own tool.
  { package: 'haproxy', file: '/usr/sbin/haproxy' },
  { package: 'systemd', file: '/usr/bin/systemd-analyze' },
  // Checks compose.yaml without an engine.
  { package: 'docker-compose', file: '/usr/bin/docker-compose' },
  // Checks the rules, and whether alerts arrive.
  { package: 'prometheus', file: '/usr/bin/promtool' },
  { package: 'prometheus-alertmanager', file: '/usr/bin/amtool' },
  { package: 'curl', file: '/usr/bin/curl' },
  { package: 'chromium', file: '/usr/bin/chromium' },
  // What the virtual board is built with.
  { package: 'g++', file: '/usr/bin/g++' },
  { package: 'ninja-build', file: '/usr/bin/ninja' },
  { package: 'libmbedtls-dev', file: '/usr/include/mbedtls/ssl.h' },
  { package: 'libcurl4-openssl-dev', file: '/usr/bin/curl-config' },
  { package: 'nlohmann-json3-dev', file: '/usr/include/nlohmann/json.hpp' },
  // By which the build of InfluxDB finds its part in Rust.
  { package: 'pkg-config', file: '/usr/bin/pkg-config' },
  { package: 'default-jdk-headless', file: '/usr/bin/javac' },
  { package: 'maven', file: '/usr/bin/mvn' },
];

const POLICY = '/usr/sbin/policy-rc.d';

/** Debian starts the services of what it installs, unless a policy says no; the tests start their own. */
function withoutServices(install) {
  const given = existsSync(POLICY);
  if (!given) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    if (!given) rmSync(POLICY);
  }
}

const missing = needed.filter(({ file }) => !existsSync(file)).map((entry) => entry.package);
if (missing.length > 0) {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) {
    console.error(`Missing: ${missing.join(', ')}. Run: sudo ${install.join(' ')}`);
    process.exit(1);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => spawnSync(args[0], args.slice(1), { stdio: 'inherit', env }).status;
  if (apt(['apt-get', 'update', '-qq']) !== 0 || withoutServices(() => apt(install)) !== 0) process.exit(1);
}
