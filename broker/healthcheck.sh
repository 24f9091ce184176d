#!/bin/sh
# Healthy is a broker that completes a TLS 1.3 handshake with the certificate of its authority: the one thread that does
# it also moves the messages, so a broker that hangs fails. No account is needed, and so no secret.
#
#   healthcheck [PORT [CA-FILE]]
port=${1:-8883}
authority=${2:-/etc/mosquitto/egiz/certs/ca.crt}
exec timeout 4 openssl s_client -connect "127.0.0.1:$port" -tls1_3 -CAfile "$authority" -verify_return_error \
  -brief </dev/null >/dev/null 2>&1
