#include <gtest/gtest.h>

#include "sensors/filter.hpp"
#include "sensors/loop_current.hpp"

namespace egiz::sensors {
namespace {

TEST(MedianFilter, OneSpikeNeverGetsThrough) {
    MedianFilter filter;
    for (const std::int32_t value : {200, 201, 200}) filter.push(Measured::good(value));
    EXPECT_EQ(filter.push(Measured::good(9'999)), Measured::good(201));
    EXPECT_EQ(filter.push(Measured::good(200)), Measured::good(200));
}

TEST(MedianFilter, AStepIsHalfAWindowLate) {
    for (const std::size_t window : {1U, 3U, 5U, 15U}) {
        MedianFilter filter;
        filter.set_window(window);
        for (std::size_t i = 0; i < window; ++i) filter.push(Measured::good(10));
        for (std::size_t i = 0; i < window / 2; ++i) EXPECT_EQ(filter.push(Measured::good(50)), Measured::good(10));
        EXPECT_EQ(filter.push(Measured::good(50)), Measured::good(50)) << window;
    }
}

TEST(MedianFilter, AFaultPassesAtOnceAndNothingOldComesBack) {
    MedianFilter filter;
    for (int i = 0; i < 3; ++i) filter.push(Measured::good(10));
    EXPECT_EQ(filter.push(Measured::bad(Quality::fault)), Measured::bad(Quality::fault));
    EXPECT_EQ(filter.push(Measured::good(90)), Measured::good(90));
    EXPECT_EQ(filter.push(Measured::good(91)), Measured::good(90));
    EXPECT_EQ(filter.push(Measured::good(89)), Measured::good(90));
}

TEST(MedianFilter, WindowsOutsideTheLimitsAreTheNearestLimit) {
    MedianFilter filter;
    filter.set_window(0);
    filter.push(Measured::good(1));
    EXPECT_EQ(filter.push(Measured::good(7)), Measured::good(7));
    filter.set_window(200);
    for (int i = 0; i < 40; ++i) filter.push(Measured::good(i));
    EXPECT_EQ(filter.push(Measured::good(40)), Measured::good(33));
}

TEST(Freshness, AnOldValueIsStale) {
    Freshness freshness(15'000);
    EXPECT_EQ(freshness.at(0), Measured::bad(Quality::absent));
    freshness.store(Measured::good(450), 1'000);
    EXPECT_EQ(freshness.at(16'000), Measured::good(450));
    EXPECT_EQ(freshness.at(16'001), Measured::bad(Quality::stale));
    freshness.store(Measured::bad(Quality::uncalibrated), 20'000);
    EXPECT_EQ(freshness.at(90'000), Measured::bad(Quality::uncalibrated));
}

TEST(ChangeFilter, NoiseIsNoChange) {
    ChangeFilter filter(100);
    EXPECT_TRUE(filter.push(Measured::good(190'000)));
    EXPECT_FALSE(filter.push(Measured::good(190'099)));
    EXPECT_FALSE(filter.push(Measured::good(189'901)));
    EXPECT_EQ(filter.reported(), Measured::good(190'000));
    EXPECT_TRUE(filter.push(Measured::good(190'100)));
    EXPECT_EQ(filter.reported(), Measured::good(190'100));
}

TEST(ChangeFilter, LosingAndRegainingTheValueAreChanges) {
    ChangeFilter filter(100);
    filter.push(Measured::good(5));
    EXPECT_TRUE(filter.push(Measured::bad(Quality::fault)));
    EXPECT_FALSE(filter.push(Measured::bad(Quality::fault)));
    EXPECT_TRUE(filter.push(Measured::bad(Quality::comm_error)));
    EXPECT_TRUE(filter.push(Measured::good(5)));
}

TEST(Contact, BouncingIsOneChange) {
    Contact contact(200);
    EXPECT_EQ(contact.state(), Heating::unknown);
    EXPECT_FALSE(contact.push(false, 0));
    EXPECT_TRUE(contact.push(false, 200));
    EXPECT_EQ(contact.state(), Heating::off);
    for (std::uint64_t t = 300; t < 500; t += 20) EXPECT_FALSE(contact.push(t % 40 == 0, t));
    EXPECT_FALSE(contact.push(true, 500));  // still since 480
    EXPECT_FALSE(contact.push(true, 679));
    EXPECT_TRUE(contact.push(true, 680));
    EXPECT_EQ(contact.state(), Heating::on);
    EXPECT_FALSE(contact.push(true, 900));
}

TEST(Presence, AMissingPartIsAskedLessAndLess) {
    Presence presence;
    EXPECT_EQ(presence.reason(), Quality::absent);
    std::uint64_t now = 0;
    std::uint32_t asked = 0;
    for (; now < 600'000; now += 1'000) {
        if (!presence.due(now)) continue;
        ++asked;
        presence.failed(now);
    }
    EXPECT_LT(asked, 30U);
    EXPECT_GT(asked, 15U);  // and still at least twice a minute
    presence.answered();
    EXPECT_TRUE(presence.due(now));
    presence.failed(now);
    EXPECT_TRUE(presence.due(now)) << "one lost answer costs nothing";
    EXPECT_EQ(presence.reason(), Quality::comm_error);
}

TEST(LoopCurrent, FollowsNamurNe43) {
    const LoopScale scale{};  // 150 ohm: 600 mV are 4 mA, 3000 mV are 20 mA; 0 to 400 degC
    EXPECT_EQ(loop_value(600, scale), Measured::good(0));
    EXPECT_EQ(loop_value(1'800, scale), Measured::good(200'000));
    EXPECT_EQ(loop_value(3'000, scale), Measured::good(400'000));
    EXPECT_EQ(loop_value(0, scale), Measured::bad(Quality::fault));       // broken wire
    EXPECT_EQ(loop_value(3'300, scale), Measured::bad(Quality::fault));   // short
    EXPECT_EQ(loop_value(555, scale), Measured::bad(Quality::out_of_range));
    EXPECT_EQ(loop_value(-20, scale), Measured::bad(Quality::fault));
    LoopScale reversed = scale;
    reversed.at_4_ma = 400'000;
    reversed.at_20_ma = 0;
    EXPECT_EQ(loop_value(600, reversed), Measured::good(400'000));
    EXPECT_EQ(loop_value(3'000, reversed), Measured::good(0));
    EXPECT_EQ(loop_value(600, LoopScale{0, 0, 0}), Measured::bad(Quality::uncalibrated));
}

}  // namespace
}  // namespace egiz::sensors
