// MAX31865 data sheet, Tables 1 to 9; IEC 60751.
#include <gtest/gtest.h>

#include <array>

#include "sensors/max31865.hpp"

namespace egiz::sensors {
namespace {

using Registers = std::array<std::uint8_t, max31865_register_count>;

constexpr RtdSetup pt100{};

Registers registers(std::uint16_t rtd, std::uint8_t faults = 0) {
    return {max31865_configuration(pt100), static_cast<std::uint8_t>(rtd >> 8), static_cast<std::uint8_t>(rtd), 0xFF, 0xFF, 0, 0,
            faults};
}

TEST(Max31865, ConfigurationBits) {
    EXPECT_EQ(max31865_configuration(pt100), 0xD1);
    EXPECT_EQ(max31865_configuration_clearing(pt100), 0xD3);
    RtdSetup other = pt100;
    other.wires = RtdWires::two_or_four;
    other.mains_60_hz = true;
    EXPECT_EQ(max31865_configuration(other), 0xC0);
    EXPECT_EQ(max31865_write_configuration(0xD1), (std::array<std::uint8_t, 2>{0x80, 0xD1}));
    EXPECT_EQ(max31865_read_all()[0], 0x00);
}

TEST(Max31865, Table9Pt100With400Ohm) {
    const struct {
        int degrees;
        double ohms;
        std::uint16_t code;
    } table[] = {
        {-200, 18.52, 0x0BDA}, {-175, 29.22, 0x12B4}, {-150, 39.72, 0x196C}, {-100, 60.26, 0x2690}, {-50, 80.31, 0x3366},
        {-20, 92.16, 0x3AFC},  {0, 100.0, 0x4000},    {10, 103.90, 0x4280},  {50, 119.40, 0x4C6A},  {100, 138.51, 0x58A4},
        {150, 157.33, 0x64B0}, {200, 175.86, 0x708C}, {225, 185.01, 0x7668}, {250, 194.10, 0x7C3A},
    };
    for (const auto& row : table) {
        const Max31865Sample sample = max31865_decode(registers(row.code), pt100);
        ASSERT_EQ(sample.temperature.quality, Quality::ok) << row.degrees;
        EXPECT_NEAR(sample.temperature.raw / 1000.0, row.degrees, 0.05) << row.degrees;
        EXPECT_NEAR(sample.resistance.raw / 1000.0, row.ohms, 0.015) << row.degrees;
    }
}

TEST(Max31865, Pt1000With4000OhmIsTheSameRatio) {
    RtdSetup pt1000 = pt100;
    pt1000.reference_mohm = 4'000'000;
    pt1000.zero_mohm = 1'000'000;
    EXPECT_EQ(max31865_decode(registers(0x58A4), pt1000).temperature, max31865_decode(registers(0x58A4), pt100).temperature);
}

TEST(Max31865, AFaultHasNoTemperature) {
    for (int bit = 2; bit < 8; ++bit) {
        const auto faults = static_cast<std::uint8_t>(1U << bit);
        const Max31865Sample sample = max31865_decode(registers(0x4001, faults), pt100);
        EXPECT_EQ(sample.temperature, Measured::bad(Quality::fault));
        EXPECT_EQ(sample.faults, faults);
        EXPECT_TRUE(sample.configured);
    }
    EXPECT_EQ(max31865_decode(registers(0x4001), pt100).temperature, Measured::bad(Quality::fault));
}

TEST(Max31865, APartThatLostItsConfigurationMeasuresNothing) {
    Registers after_power_cycle = registers(0x4000);
    after_power_cycle[0] = 0x00;
    EXPECT_FALSE(max31865_decode(after_power_cycle, pt100).configured);
    EXPECT_EQ(max31865_decode(after_power_cycle, pt100).temperature, Measured::bad(Quality::comm_error));
    Registers floating{};
    floating.fill(0xFF);
    EXPECT_EQ(max31865_decode(floating, pt100).temperature, Measured::bad(Quality::fault));
    EXPECT_EQ(max31865_decode(Registers{}, pt100).temperature, Measured::bad(Quality::comm_error));
    EXPECT_EQ(max31865_decode(std::array<std::uint8_t, 2>{}, pt100).temperature, Measured::bad(Quality::comm_error));
}

TEST(Platinum, EndsOfTheStandard) {
    EXPECT_NEAR(platinum_degrees(18'520.1, 100'000).raw, -200'000, 2);
    EXPECT_NEAR(platinum_degrees(390'481.1, 100'000).raw, 850'000, 2);
    EXPECT_EQ(platinum_degrees(17'000, 100'000), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(platinum_degrees(392'000, 100'000), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(platinum_degrees(0, 100'000), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(platinum_degrees(100'000, 0), Measured::bad(Quality::uncalibrated));
}

}  // namespace
}  // namespace egiz::sensors
