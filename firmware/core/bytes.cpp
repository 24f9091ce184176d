#include "bytes.hpp"

namespace egiz {

namespace {

// Four bits at a time: a table of 32 bytes for a quarter of the work, as every record is summed several times.
constexpr std::array<std::uint16_t, 16> crc16_table = [] {
    std::array<std::uint16_t, 16> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t crc = i << 12;
        for (int bit = 0; bit < 4; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
        table[i] = static_cast<std::uint16_t>(crc & 0xFFFFU);
    }
    return table;
}();

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> data) {
    std::uint32_t crc = 0xFFFF;
    for (const std::uint8_t byte : data) {
        crc = ((crc << 4) & 0xFFFFU) ^ crc16_table[((crc >> 12) ^ (byte >> 4)) & 15U];
        crc = ((crc << 4) & 0xFFFFU) ^ crc16_table[((crc >> 12) ^ byte) & 15U];
    }
    return static_cast<std::uint16_t>(crc);
}

std::uint32_t crc32(std::span<const std::uint8_t> data) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::uint8_t byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xEDB88320U : crc >> 1;
    }
    return ~crc;
}

std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<std::uint8_t>(c);
        hash *= 0x100000001B3ULL;
    }
    return hash;
}

}  // namespace egiz
