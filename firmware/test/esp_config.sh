#!/bin/sh
# Partitions, sdkconfig layers, platformio.ini and README, checked against the code.
exec python3 "$(dirname "$0")/esp_config_check.py"
