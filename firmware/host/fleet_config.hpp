// The file that `virtual-board --config` reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ota_manifest.hpp"
#include "ports.hpp"

namespace egiz::host {

struct BoardConfig {
    std::string device_id, factory_id, equipment_type, equipment_id, sensor_type, thing_id;
    std::string username, password, cert_file, key_file, flash_file;
    std::uint64_t seed = 0;
    SensorKind kind = SensorKind::electrical;
};

struct UpdateKey {
    std::string id;
    std::array<std::uint8_t, p256_key_size> key{};
};

struct FleetConfig {
    std::string host;
    std::uint16_t port = 8883;
    std::string ca_file;
    std::string update_ca_file;  // of the image server; the broker's by default
    std::string product = "openegiz-sensor";
    std::string hardware = "virtual";
    std::string version = "1.0.0";
    std::uint32_t build = 10000;
    std::vector<UpdateKey> update_keys;
    std::vector<BoardConfig> boards;
};

// An empty value comes with a sentence in `problem` that says what is wrong and where.
std::optional<FleetConfig> read_fleet_config(const std::string& path, std::string& problem);

}  // namespace egiz::host
