#include <gtest/gtest.h>

#include "sensors/board_setup.hpp"

namespace egiz::sensors {
namespace {

TEST(BoardSetup, EmptyTextsAreTheUsualBoard) {
    EXPECT_FALSE(mains_is_60_hz("").value());
    EXPECT_EQ(pzem_setup("").value().phases, 3U);
    EXPECT_EQ(thermal_setup("", "", false).value().zones, 3U);
    EXPECT_FALSE(thermal_setup("", "", false).value().setpoint_fitted);
    EXPECT_FALSE(meter_calibration("", false).value().calibrated);
}

TEST(BoardSetup, ZonesAreLetters) {
    const auto setup = thermal_setup("kpk", "50:350", true);
    ASSERT_TRUE(setup.ok());
    EXPECT_EQ(setup.value().part[0], ZonePart::max31855);
    EXPECT_EQ(setup.value().part[1], ZonePart::max31865);
    EXPECT_EQ(setup.value().rtd.zero_mohm, 100'000U);
    EXPECT_TRUE(setup.value().rtd.mains_60_hz);
    EXPECT_EQ(setup.value().setpoint.at_4_ma, 50'000);
    EXPECT_EQ(setup.value().setpoint.at_20_ma, 350'000);
    EXPECT_EQ(thermal_setup("PP", "", false).value().rtd.reference_mohm, 4'000'000U);
    EXPECT_TRUE(thermal_setup("kkkkkkkk", "-50:0", false).ok());
}

TEST(BoardSetup, WhatIsNotUnderstoodIsRefused) {
    for (const char* zones : {"x", "kkkkkkkkk", "pP", "k k", "K"}) {
        EXPECT_EQ(thermal_setup(zones, "", false).error(), Err::bad_argument) << zones;
    }
    for (const char* setpoint : {"0", "0:", ":400", "0:400:", "0:0", "0:9999", "-300:0", "a:b", "0:99999"}) {
        EXPECT_EQ(thermal_setup("k", setpoint, false).error(), Err::bad_argument) << setpoint;
    }
    EXPECT_EQ(mains_is_60_hz("55").error(), Err::bad_argument);
    EXPECT_EQ(pzem_setup("2").error(), Err::bad_argument);
    for (const char* numbers : {"1", "1,2,3,4,5,6,7,8,9,10,11", "1,2,3,4,5,6,7,8,9,10,11,12,13", "1,2,3,4,5,6,7,8,9,10,11,65536",
                                ",1,2,3,4,5,6,7,8,9,10,11", "1,2,3,4,5,6,7,8,9,10,11,12,", "-1,2,3,4,5,6,7,8,9,10,11,12"}) {
        EXPECT_EQ(meter_calibration(numbers, false).error(), Err::bad_argument) << numbers;
    }
}

TEST(BoardSetup, TwelveNumbersCalibrateAMeter) {
    const auto calibration = meter_calibration("11,12,13,14,21,22,23,24,31,32,33,65535", true);
    ASSERT_TRUE(calibration.ok());
    EXPECT_TRUE(calibration.value().calibrated);
    EXPECT_TRUE(calibration.value().mains_60_hz);
    EXPECT_EQ(calibration.value().phase[0].voltage_gain, 11);
    EXPECT_EQ(calibration.value().phase[1].current_gain, 22);
    EXPECT_EQ(calibration.value().phase[2].power_gain, 33);
    EXPECT_EQ(calibration.value().phase[2].phase_angle, 65535);
}

}  // namespace
}  // namespace egiz::sensors
