// ATM90E32AS data sheet: SPI frames of section 4, units of section 6.
#include <gtest/gtest.h>

#include <set>

#include "sensors/atm90e32.hpp"

namespace egiz::sensors {
namespace {

// 220.50, 219.80, 221.00 V; 15.200, 14.800, 15.500 A; 3000, -1.6 and 0 W; factor -0.920; 50.01 Hz.
constexpr AtmWords example = {1,      22050, 21980, 22100,  15200, 14800, 15500, 0x008F,
                              0x0D18, 0xFFFF, 0xEC78, 0x0000, 0x0000, static_cast<std::uint16_t>(-920), 5001};

TEST(Atm90e32, FramesAreBigEndianWithTheReadFlagOnTop) {
    EXPECT_EQ(atm_read(atm::voltage_a), (AtmFrame{0x80, 0xD9, 0x00, 0x00}));
    EXPECT_EQ(atm_write(atm::soft_reset, atm::reset_key), (AtmFrame{0x00, 0x70, 0x78, 0x9A}));
    EXPECT_EQ(atm_value({0xFF, 0xFF, 0x12, 0x34}), 0x1234);
}

TEST(Atm90e32, UnitsOfTheRegisters) {
    const ElectricalSample sample = atm_decode(example, true, AtmEnergy(320 * 77), true);
    EXPECT_EQ(sample.voltage[0], Measured::good(220'500));
    EXPECT_EQ(sample.voltage[2], Measured::good(221'000));
    EXPECT_EQ(sample.current[1], Measured::good(14'800));
    // 0x008F0D18 = 9 375 000 steps of 0.00032 W; 0xFFFFEC78 = -5000 steps.
    EXPECT_EQ(sample.power[0], Measured::good(3'000'000));
    EXPECT_EQ(sample.power[1], Measured::good(-1'600));
    EXPECT_EQ(sample.active_power, Measured::good(2'998'400));
    EXPECT_EQ(sample.power_factor, Measured::good(-920));
    EXPECT_EQ(sample.frequency, Measured::good(50'010));
    EXPECT_EQ(sample.energy, Measured::good(77));
}

TEST(Atm90e32, WhatIsNotVerifiedOrNotSetUpIsNoMeasurement) {
    EXPECT_EQ(atm_decode(example, false, AtmEnergy(), true).voltage[0], Measured::bad(Quality::comm_error));
    AtmWords after_reset = example;
    after_reset[0] = 0;
    EXPECT_EQ(atm_decode(after_reset, true, AtmEnergy(), true).voltage[0], Measured::bad(Quality::comm_error));
    EXPECT_EQ(atm_decode(example, true, AtmEnergy(), false).voltage[0], Measured::bad(Quality::uncalibrated));
}

TEST(Atm90e32, ADeadGridHasNoFrequency) {
    AtmWords dark{};
    dark[0] = 1;
    const ElectricalSample sample = atm_decode(dark, true, AtmEnergy(), true);
    EXPECT_EQ(sample.voltage[0], Measured::good(0));  // measured: the meter has a supply of its own
    EXPECT_EQ(sample.frequency, Measured::bad(Quality::out_of_range));
}

TEST(Atm90e32, SetupOpensAndClosesTheConfiguration) {
    AtmCalibration calibration;
    calibration.phase[2].current_gain = 0x1234;
    calibration.mains_60_hz = true;
    const auto setup = atm_setup(calibration);
    EXPECT_EQ(setup.front().reg, atm::config_access);
    EXPECT_EQ(setup.front().value, atm::access_key);
    EXPECT_EQ(setup.back().reg, atm::config_access);
    EXPECT_EQ(setup.back().value, 0);
    std::set<atm::Register> written;
    for (std::size_t i = 1; i + 1 < setup.size(); ++i) {
        EXPECT_TRUE(written.insert(setup[i].reg).second) << "register " << setup[i].reg << " twice";
        if (setup[i].reg == 0x6A) { EXPECT_EQ(setup[i].value, 0x1234); }  // current gain c
        if (setup[i].reg == atm::metering_mode_0) { EXPECT_EQ(setup[i].value, 0x1087); }
        if (setup[i].reg == atm::pl_constant_high) { EXPECT_EQ(setup[i].value, 0x0861); }
        if (setup[i].reg == atm::pl_constant_low) { EXPECT_EQ(setup[i].value, 0xC468); }
    }
    EXPECT_EQ(written.count(0x6A), 1U);
    EXPECT_EQ(written.count(0x4C), 1U);  // phase angle c
    EXPECT_EQ(written.count(0x46), 1U);  // reactive offset c
}

TEST(Atm90e32, EnergyIsSummedAcrossReads) {
    AtmEnergy energy(100);
    const std::array<std::uint16_t, 3> forward = {0xFFFF, 0xFFFF, 0xFFFF};
    energy.add(forward);
    EXPECT_EQ(energy.units(), 100U + 3U * 0xFFFF);
    EXPECT_EQ(energy.watt_hours(), Measured::good((100 + 3 * 0xFFFF) / 320));
    EXPECT_EQ(AtmEnergy(~0ULL).watt_hours(), Measured::bad(Quality::out_of_range));
}

}  // namespace
}  // namespace egiz::sensors
