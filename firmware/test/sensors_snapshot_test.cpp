#include <gtest/gtest.h>

#include "sensors/snapshot.hpp"

namespace egiz::sensors {
namespace {

TEST(Snapshot, AbsentBeforeTheFirstSampleStaleAfterTheLast) {
    Snapshot snapshot(3'000);
    Reading out;
    snapshot.take(SensorKind::electrical, 500, out);
    EXPECT_EQ(out.electrical.voltage[0], Measured::bad(Quality::absent));

    Reading reading;
    reading.kind = SensorKind::electrical;
    reading.electrical.voltage[0] = Measured::good(2'300);
    snapshot.store(reading, 1'000);
    snapshot.take(SensorKind::electrical, 4'000, out);
    EXPECT_EQ(out, reading);
    snapshot.take(SensorKind::electrical, 4'001, out);
    EXPECT_EQ(out.electrical.voltage[0], Measured::bad(Quality::stale));
    // The reader's clock may have been read just before the sample was stored.
    snapshot.take(SensorKind::electrical, 900, out);
    EXPECT_EQ(out, reading);
}

TEST(Snapshot, MarkingReachesEveryField) {
    Reading thermal;
    thermal.kind = SensorKind::thermal;
    thermal.thermal.zone_count = 2;
    thermal.thermal.zone[1] = Measured::good(1'850);
    thermal.thermal.setpoint = Measured::good(1'900);
    thermal.thermal.heating = Heating::on;
    mark_all(thermal, Quality::stale);
    EXPECT_EQ(thermal.thermal.zone_count, 2);
    EXPECT_EQ(thermal.thermal.zone[1], Measured::bad(Quality::stale));
    EXPECT_EQ(thermal.thermal.setpoint, Measured::bad(Quality::stale));
    EXPECT_EQ(thermal.thermal.heating, Heating::unknown);

    Reading air;
    air.kind = SensorKind::environmental;
    air.environmental.co2 = Measured::good(450);
    mark_all(air, Quality::comm_error);
    EXPECT_EQ(air.environmental.co2, Measured::bad(Quality::comm_error));
    EXPECT_EQ(air.environmental.pressure, Measured::bad(Quality::comm_error));
}

}  // namespace
}  // namespace egiz::sensors
