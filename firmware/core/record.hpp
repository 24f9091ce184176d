// One telemetry message in at most 64 bytes: what waits in the backlog instead of 450 bytes of JSON.
//
//   0 seq u32 | 4 boot u32 | 8 time u48 (ms since 1970) | 14 kind + flags | 15 rssi i8 | 16 uptime u32 (s)
//  20 quality codes, 3 bits a value | 24 body, by kind (at most 30 bytes) | 62 crc16 over bytes 0..61
#pragma once

#include <array>
#include <cstdint>

#include "reading.hpp"
#include "result.hpp"

namespace egiz {

inline constexpr std::size_t record_size = 64;
using RecordBytes = std::array<std::uint8_t, record_size>;

struct Record {
    std::uint32_t seq = 0;
    std::uint32_t boot_id = 0;
    std::uint64_t time_ms = 0;   // UTC; an estimate (a lower bound) while time_valid is false
    bool time_valid = false;
    std::int8_t rssi = 0;        // dBm, 0 = unknown
    std::uint32_t uptime_s = 0;
    Reading reading{};
    bool operator==(const Record&) const = default;
};

// A value that its field cannot hold is stored as out_of_range rather than truncated.
void encode(const Record& record, RecordBytes& out);
// corrupt: checksum, kind or quality code is not one that encode() writes.
Result<Record> decode(const RecordBytes& in);

}  // namespace egiz
