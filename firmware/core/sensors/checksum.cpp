#include "checksum.hpp"

namespace egiz::sensors {

std::uint16_t modbus_crc16(Bytes bytes) {
    std::uint16_t crc = 0xFFFF;
    for (const std::uint8_t byte : bytes) {
        crc = static_cast<std::uint16_t>(crc ^ byte);
        for (int bit = 0; bit < 8; ++bit) {
            const bool carry = (crc & 1U) != 0;
            crc = static_cast<std::uint16_t>(crc >> 1);
            if (carry) crc = static_cast<std::uint16_t>(crc ^ 0xA001U);
        }
    }
    return crc;
}

std::uint8_t sensirion_crc8(Bytes bytes) {
    std::uint8_t crc = 0xFF;
    for (const std::uint8_t byte : bytes) {
        crc = static_cast<std::uint8_t>(crc ^ byte);
        for (int bit = 0; bit < 8; ++bit) {
            const bool carry = (crc & 0x80U) != 0;
            crc = static_cast<std::uint8_t>(crc << 1);
            if (carry) crc = static_cast<std::uint8_t>(crc ^ 0x31U);
        }
    }
    return crc;
}

}  // namespace egiz::sensors
