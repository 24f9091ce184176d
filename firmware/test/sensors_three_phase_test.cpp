#include <gtest/gtest.h>

#include <vector>

#include "sensors/three_phase.hpp"

namespace egiz::sensors {
namespace {

PzemReply meter(std::int32_t mv, std::int32_t ma, std::int32_t mw, std::int32_t wh = 0) {
    PzemSample sample;
    sample.voltage = Measured::good(mv);
    sample.current = Measured::good(ma);
    sample.power = Measured::good(mw);
    sample.energy = Measured::good(wh);
    sample.frequency = Measured::good(50'000);
    sample.power_factor = Measured::good(1'000);
    return {PzemError::none, 0, sample};
}

PzemReply silent() { return {PzemError::length, 0, PzemSample::all(Quality::comm_error)}; }

TEST(ThreePhase, TotalsAddUp) {
    const std::vector<PzemReply> phases = {meter(220'500, 15'200, 3'100'000, 100), meter(219'800, 14'800, 3'000'000, 200),
                                           meter(221'000, 15'500, 3'200'000, 305)};
    const ElectricalSample sample = combine_phases(phases);
    EXPECT_EQ(sample.active_power, Measured::good(9'300'000));
    EXPECT_EQ(sample.energy, Measured::good(605));
    // 9300 W over (220.5 x 15.2 + 219.8 x 14.8 + 221.0 x 15.5) VA = 0.9272
    EXPECT_NEAR(sample.power_factor.raw, 927, 1);
    EXPECT_EQ(sample.frequency, Measured::good(50'000));
}

TEST(ThreePhase, AMissingPhaseTakesTheTotalsWithIt) {
    const std::vector<PzemReply> phases = {meter(220'000, 1'000, 220'000), silent(), meter(220'000, 1'000, 220'000)};
    const ElectricalSample sample = combine_phases(phases);
    EXPECT_EQ(sample.active_power, Measured::bad(Quality::comm_error));
    EXPECT_EQ(sample.energy, Measured::bad(Quality::comm_error));
    EXPECT_EQ(sample.power_factor, Measured::bad(Quality::comm_error));
    EXPECT_EQ(sample.voltage[1], Measured::bad(Quality::comm_error));
    EXPECT_EQ(sample.voltage[2], Measured::good(220'000));
    EXPECT_EQ(sample.frequency, Measured::good(50'000));
}

TEST(ThreePhase, OneMeterKeepsItsOwnFactorAndItsTotals) {
    PzemReply only = meter(220'000, 1'000, 200'000, 42);
    only.sample.power_factor = Measured::good(910);
    const ElectricalSample sample = combine_phases(std::span(&only, 1));
    EXPECT_EQ(sample.power_factor, Measured::good(910));
    EXPECT_EQ(sample.active_power, Measured::good(200'000));
    EXPECT_EQ(sample.voltage[1], Measured::bad(Quality::absent));
}

TEST(ThreePhase, NoLoadHasFactorZeroAndRoundingNeverPassesOne) {
    const std::vector<PzemReply> idle = {meter(220'000, 0, 0), meter(220'000, 0, 0), meter(220'000, 0, 0)};
    EXPECT_EQ(combine_phases(idle).power_factor, Measured::good(0));
    const std::vector<PzemReply> resistive = {meter(220'000, 100, 22'100), meter(220'000, 100, 22'100),
                                              meter(220'000, 100, 22'100)};
    EXPECT_EQ(combine_phases(resistive).power_factor, Measured::good(1'000));
    const std::vector<PzemReply> impossible = {meter(220'000, 100, 44'000), meter(220'000, 100, 44'000),
                                               meter(220'000, 100, 44'000)};
    EXPECT_EQ(combine_phases(impossible).power_factor, Measured::bad(Quality::out_of_range));
}

TEST(ThreePhase, NoMeterIsAbsent) {
    const ElectricalSample sample = combine_phases({});
    EXPECT_EQ(sample.active_power, Measured::bad(Quality::absent));
    EXPECT_EQ(sample.frequency, Measured::bad(Quality::absent));
    EXPECT_EQ(sum_of({}), Measured::bad(Quality::absent));
}

TEST(ThreePhase, PublishedUnitsAreThePayloadsSteps) {
    PzemReply only = meter(220'049, 15'204, 3'100'051, 12'345);
    const ElectricalReading reading = to_reading(combine_phases(std::span(&only, 1)));
    EXPECT_EQ(reading.voltage[0], Measured::good(2'200));      // 0.1 V
    EXPECT_EQ(reading.current[0], Measured::good(15'204));     // 1 mA
    EXPECT_EQ(reading.active_power, Measured::good(31'001));   // 0.1 W
    EXPECT_EQ(reading.energy, Measured::good(1'235));          // 0.01 kWh
    EXPECT_EQ(reading.frequency, Measured::good(5'000));       // 0.01 Hz
    EXPECT_EQ(reading.voltage[2], Measured::bad(Quality::absent));
}

}  // namespace
}  // namespace egiz::sensors
