// MAX31855 data sheet, Tables 2 to 5; NIST ITS-90 tables for type K.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "sensors/max31855.hpp"
#include "sensors/thermocouple_k.hpp"

namespace egiz::sensors {
namespace {

std::array<std::uint8_t, 4> word(std::uint32_t thermocouple, std::uint32_t cold, std::uint32_t faults = 0) {
    std::uint32_t raw = (thermocouple << 18) | (cold << 4) | faults;
    if (faults != 0) raw |= 1U << 16;
    return {static_cast<std::uint8_t>(raw >> 24), static_cast<std::uint8_t>(raw >> 16), static_cast<std::uint8_t>(raw >> 8),
            static_cast<std::uint8_t>(raw)};
}

constexpr std::uint32_t cold_25 = 0b0001'1001'0000;

TEST(Max31855, ColdJunctionTable) {
    const struct {
        std::uint32_t code;
        std::int32_t mc;
    } table[] = {
        {0b0110'0100'1001, 100'562}, {0b0001'1001'0000, 25'000}, {0b1111'1111'1111, -62}, {0b1111'1111'0000, -1'000},
        {0b1110'1100'0000, -20'000}, {0b0000'0000'0000, 0},
    };
    for (const auto& row : table) {
        EXPECT_EQ(max31855_decode(word(4, row.code)).cold_junction, Measured::good(row.mc)) << row.code;
    }
    // -55 degC is in the table but below what the part is specified to work at.
    EXPECT_EQ(max31855_decode(word(4, 0b1100'1001'0000)).cold_junction, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(max31855_decode(word(4, 0b1100'1001'0000)).temperature, Measured::bad(Quality::out_of_range));
}

TEST(Max31855, ThermocoupleTable) {
    // The chip's straight line, as in Table 4, then put right by the type K curve (25 degC at the cold junction).
    const struct {
        std::uint32_t code;
        double linear;
    } table[] = {
        {0b00'1111'1010'0000, 1000.0}, {0b00'0001'1001'0011, 100.75}, {0b00'0000'0110'0100, 25.0},
        {0b00'0000'0000'0000, 0.0},    {0b11'1111'1111'1111, -0.25},  {0b11'1111'1111'1100, -1.0},
    };
    for (const auto& row : table) {
        const Measured expected = type_k_linearised(static_cast<std::int32_t>(row.linear * 1000), 25'000);
        const Measured decoded = max31855_decode(word(row.code, cold_25)).temperature;
        EXPECT_EQ(decoded, expected) << row.linear;
        EXPECT_NEAR(decoded.raw / 1000.0, row.linear, 8.0) << row.linear;
    }
    // 1600 degC is in the table, but no type K thermocouple measures it.
    EXPECT_EQ(max31855_decode(word(0b01'1001'0000'0000, cold_25)).temperature, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(max31855_decode(word(0b11'1100'0001'1000, cold_25)).temperature, Measured::bad(Quality::out_of_range));
}

TEST(Max31855, FaultsHaveNoTemperature) {
    for (const std::uint32_t fault : {1U, 2U, 4U}) {
        const Max31855Sample sample = max31855_decode(word(0b00'0001'1001'0011, cold_25, fault));
        EXPECT_EQ(sample.temperature, Measured::bad(Quality::fault));
        EXPECT_EQ(sample.cold_junction, Measured::good(25'000));
        EXPECT_EQ(sample.open, fault == 1);
        EXPECT_EQ(sample.short_to_ground, fault == 2);
        EXPECT_EQ(sample.short_to_supply, fault == 4);
    }
}

TEST(Max31855, ADeadBusIsNotZeroDegrees) {
    EXPECT_EQ(max31855_decode(std::array<std::uint8_t, 4>{}).temperature, Measured::bad(Quality::comm_error));
    EXPECT_EQ(max31855_decode(std::array<std::uint8_t, 4>{0xFF, 0xFF, 0xFF, 0xFF}).temperature,
              Measured::bad(Quality::comm_error));
    EXPECT_EQ(max31855_decode(std::array<std::uint8_t, 3>{1, 2, 3}).temperature, Measured::bad(Quality::comm_error));
}

TEST(TypeK, FollowsTheItsTables) {
    // NIST Monograph 175, table for type K, in mV.
    const struct {
        double degrees, mv;
    } table[] = {{-200, -5.891}, {-100, -3.554}, {0, 0.0}, {25, 1.000}, {100, 4.096}, {200, 8.138},
                 {300, 12.209},  {500, 20.644},  {750, 31.213}, {1000, 41.276}, {1372, 54.886}};
    for (const auto& row : table) {
        EXPECT_NEAR(type_k_microvolts(row.degrees) / 1000.0, row.mv, 0.0006) << row.degrees;
    }
}

TEST(TypeK, ThereAndBackIsWithinTheInversesError) {
    for (int degrees = -199; degrees <= 1371; ++degrees) {
        const Measured back = type_k_degrees(type_k_microvolts(degrees));
        ASSERT_EQ(back.quality, Quality::ok) << degrees;
        EXPECT_NEAR(back.raw / 1000.0, degrees, 0.065) << degrees;
    }
}

TEST(TypeK, LinearisingTakesOutWhatTheStraightLineAdds) {
    double worst = 0.0;
    for (int degrees = 0; degrees <= 1000; degrees += 5) {
        const double linear = 25.0 + (type_k_microvolts(degrees) - type_k_microvolts(25.0)) / 41.276;
        worst = std::max(worst, std::abs(linear - degrees));
        const Measured corrected = type_k_linearised(static_cast<std::int32_t>(std::lround(linear * 1000)), 25'000);
        EXPECT_NEAR(corrected.raw / 1000.0, degrees, 0.07) << degrees;
    }
    EXPECT_GT(worst, 5.0);  // without it PRD's 0.5 degC cannot be kept
}

TEST(TypeK, OutsideTheCurveIsNoValue) {
    EXPECT_EQ(type_k_degrees(-6'500), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(type_k_degrees(55'000), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(type_k_degrees(std::nan("")), Measured::bad(Quality::out_of_range));
}

}  // namespace
}  // namespace egiz::sensors
