// Who a board is: provisioned once, never changed by a command.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fixed_string.hpp"
#include "ota_manifest.hpp"

namespace egiz {

struct BoardIdentity {
    std::string_view device_id;       // also the account name
    std::string_view factory_id;
    std::string_view equipment_type;
    std::string_view equipment_id;
    std::string_view sensor_type;     // topic level: electrical, thermal, environmental or ambient
    std::string_view thing_id;        // {namespace}:{equipment_id}
    std::string_view product;
    std::string_view hardware;
    std::string_view firmware_version;
    std::uint32_t build = 0;
    std::uint64_t build_ms = 0;       // when this firmware was built, UTC
    std::span<const TrustedKey> update_keys;  // current and next
};

// ^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$: what may become a topic level.
bool valid_identifier(std::string_view text);

using Topic = FixedString<304>;

struct Topics {
    Topic telemetry;
    Topic status;
    Topic command;
};

// bad_argument: an identifier is not one, thing_id does not agree with the equipment, or the sensor type is unknown.
Result<Topics> make_topics(const BoardIdentity& identity);

}  // namespace egiz
