// The configuration of a board (profile `sensors`): what a service may change at run time, and its bounds.
#pragma once

#include <cstdint>

#include "command_result.hpp"
#include "fixed_string.hpp"
#include "json_reader.hpp"
#include "ports.hpp"

namespace egiz {

struct BoardSettings {
    std::uint16_t telemetry_interval_s = 1;   // 1 to 60 (FR-1.4)
    std::uint16_t heartbeat_interval_s = 60;  // 10 to 60 (FR-1.9)
    std::uint16_t confirm_timeout_s = 120;    // 30 to 900: how long a new broker may take before the old one is back
    std::uint8_t filter_window = 1;           // 1 to 15 samples
    LogLevel log_level = LogLevel::info;
    FixedString<64> broker_host;              // empty: the broker the board was provisioned with
    std::uint16_t broker_port = 0;

    [[nodiscard]] bool same_broker(const BoardSettings& other) const {
        return broker_host == other.broker_host && broker_port == other.broker_port;
    }
    bool operator==(const BoardSettings&) const = default;
};

// PRD: electrical and thermal values at 1 Hz, environmental ones at 0.1 Hz.
BoardSettings default_settings(SensorKind kind);

// Reads a complete settings object: members that are absent take the value of `defaults`, unknown ones are errors.
// `out` is meaningful only when nothing was added to `errors`.
void parse_settings(const JsonDocument& document, JsonRef settings, const BoardSettings& defaults, BoardSettings& out,
                    ErrorList& errors);

bool parse_log_level(const JsonDocument& document, JsonRef ref, LogLevel& out);
std::string_view to_string(LogLevel level);

}  // namespace egiz
