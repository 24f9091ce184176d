#include <gtest/gtest.h>

#include <array>

#include "sensors/checksum.hpp"

namespace egiz::sensors {
namespace {

TEST(Checksum, ModbusOfTheCheckString) {
    // The check value every catalogue of CRCs gives for CRC-16/MODBUS over "123456789".
    const std::array<std::uint8_t, 9> text = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    EXPECT_EQ(modbus_crc16(text), 0x4B37);
}

TEST(Checksum, ModbusOfNothingIsTheStartValue) { EXPECT_EQ(modbus_crc16({}), 0xFFFF); }

TEST(Checksum, SensirionOfTheDataSheetsExample) {
    const std::array<std::uint8_t, 2> example = {0xBE, 0xEF};
    EXPECT_EQ(sensirion_crc8(example), 0x92);
    EXPECT_EQ(sensirion_crc8(std::array<std::uint8_t, 2>{0x01, 0xF4}), 0x33);  // SCD4x data sheet, 3.5.2
    EXPECT_EQ(sensirion_crc8(std::array<std::uint8_t, 2>{0x66, 0x67}), 0xA2);
    EXPECT_EQ(sensirion_crc8(std::array<std::uint8_t, 2>{0x5E, 0xB9}), 0x3C);
}

TEST(Checksum, EveryBitMatters) {
    const std::array<std::uint8_t, 8> frame = {0x01, 0x04, 0x00, 0x00, 0x00, 0x0A, 0x55, 0xAA};
    const std::uint16_t whole = modbus_crc16(frame);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        auto damaged = frame;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_NE(modbus_crc16(damaged), whole) << "bit " << bit;
    }
}

}  // namespace
}  // namespace egiz::sensors
