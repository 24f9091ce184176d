// The JSON that leaves a board: exactly what schemas/ describes.
#pragma once

#include <cstdint>

#include "command_result.hpp"
#include "identity.hpp"
#include "json_writer.hpp"
#include "record.hpp"

namespace egiz {

// A value without a good quality is left out; its code appears under `quality`.
void write_telemetry(JsonWriter& out, const Record& record, const BoardIdentity& identity, std::uint64_t time_ms);

struct Diagnostics {
    HeapInfo heap{};
    ResetReason reset_reason = ResetReason::unknown;
    std::uint32_t wifi_reconnects = 0;
    std::uint32_t mqtt_reconnects = 0;
    std::uint64_t uptime_s = 0;
    std::int8_t rssi = 0;
    std::uint32_t backlog = 0;
    std::uint32_t dropped = 0;
    std::uint32_t unhealthy_boots = 0;
    bool backlog_in_flash = false;
    bool time_synced = false;
    bool safe_mode = false;
    std::string_view health = "ok";
};

struct StatusHead {
    std::uint64_t time_ms = 0;
    std::uint32_t boot_id = 0;
    std::uint32_t seq = 0;
    std::uint32_t revision = 0;
    std::string_view reported_hash;  // empty: never configured
};

void write_status(JsonWriter& out, const BoardIdentity& identity, const StatusHead& head, const Diagnostics& diagnostics,
                  const CommandResult* command);
// The will: what the broker says when the board no longer can.
void write_offline(JsonWriter& out, const BoardIdentity& identity, const StatusHead& head);

}  // namespace egiz
