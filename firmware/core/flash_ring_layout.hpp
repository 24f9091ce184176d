// The bytes of the flash ring, shared by its writing and its recovering half.
#pragma once

#include <algorithm>

#include "bytes.hpp"
#include "record.hpp"

namespace egiz::ring_layout {

inline constexpr std::uint32_t sector_magic = 0x5242474FU;  // "OGBR"
inline constexpr std::size_t cursor_size = 16;
// 127 years at one record a second; a position beyond it is damage that happens to pass its checksum.
inline constexpr std::uint32_t max_position = 0xF0000000U;
using CursorBytes = std::array<std::uint8_t, cursor_size>;

inline void make_header(std::uint32_t number, RecordBytes& out) {
    out.fill(0);
    ByteWriter writer(out);
    writer.le(sector_magic, 4);
    writer.le(number, 4);
    writer.le(crc32({out.data(), 8}), 4);
}

inline bool parse_header(const RecordBytes& in, std::uint32_t& number) {
    ByteReader reader(in);
    const std::uint32_t magic = reader.u32();
    number = reader.u32();
    return reader.u32() == crc32({in.data(), 8}) && magic == sector_magic;
}

inline void make_cursor(std::uint32_t position, std::uint32_t counter, CursorBytes& out) {
    ByteWriter writer(out);
    writer.le(position, 4);
    writer.le(counter, 4);
    writer.le(crc32({out.data(), 8}), 4);
    writer.le(0, 4);
}

inline bool parse_cursor(const CursorBytes& in, std::uint32_t& position, std::uint32_t& counter) {
    ByteReader reader(in);
    position = reader.u32();
    counter = reader.u32();
    return reader.u32() == crc32({in.data(), 8}) && reader.u32() == 0;
}

template <std::size_t N>
bool is_erased(const std::array<std::uint8_t, N>& slot) {
    return std::all_of(slot.begin(), slot.end(), [](std::uint8_t b) { return b == 0xFF; });
}

inline bool slot_is_record(const RecordBytes& slot) {
    const std::size_t n = record_size - 2;
    return crc16({slot.data(), n}) == static_cast<std::uint16_t>(slot[n] | (slot[n + 1] << 8));
}

}  // namespace egiz::ring_layout
