// Byte order of the buses. Callers have checked the length of what they pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace egiz::sensors {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint16_t be16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

constexpr std::uint16_t le16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>((bytes[at + 1] << 8) | bytes[at]);
}

constexpr std::int16_t le16s(Bytes bytes, std::size_t at) {
    return static_cast<std::int16_t>(le16(bytes, at));
}

constexpr std::uint32_t be32(Bytes bytes, std::size_t at) {
    return (static_cast<std::uint32_t>(be16(bytes, at)) << 16) | be16(bytes, at + 2);
}

// A two's complement field of `bits` bits, sign-extended.
constexpr std::int32_t signed_field(std::uint32_t raw, unsigned bits) {
    const std::uint32_t sign = 1U << (bits - 1);
    return static_cast<std::int32_t>((raw ^ sign) - sign);
}

}  // namespace egiz::sensors
