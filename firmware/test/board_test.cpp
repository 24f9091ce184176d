// A board from boot to heartbeat: FR-1.4 to FR-1.7, FR-1.9, FR-1.10.
#include "board.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bench_board.hpp"
#include "psa_crypto.hpp"

namespace egiz {
namespace {

using test::Bench;

class BoardTest : public ::testing::Test {
  protected:
    host::PsaCrypto crypto;
    Bench bench{crypto};
};

std::uint32_t seq_of(const std::string& payload) {
    const std::size_t at = payload.find("\"seq\":");
    return at == std::string::npos ? 0 : static_cast<std::uint32_t>(std::stoul(payload.substr(at + 6)));
}

TEST_F(BoardTest, PublishesExactlyTheSampleOfThePrd) {
    bench.boot();
    bench.run(1500);
    const auto payloads = bench.payloads("/telemetry");
    ASSERT_FALSE(payloads.empty());
    EXPECT_EQ(payloads[0],
              R"({"device_id":"esp32-oven001-elec","thing_id":"factory:oven-001","timestamp":"2026-11-18T11:06:40.000Z",)"
              R"("sensor_type":"electrical","measurements":{"voltage":{"a":220.5,"b":220.6,"c":220.7,"unit":"V"},)"
              R"("current":{"a":15.2,"b":15.2,"c":15.2,"unit":"A"},"power_factor":0.92,"active_power":{"total":45.2,"unit":"kW"},)"
              R"("energy":{"total":1234.56,"unit":"kWh"},"frequency":50.01},"metadata":{"firmware_version":"1.4.0","rssi":-60,)"
              R"("uptime_seconds":0,"boot_id":1,"seq":1}})");
    for (const auto& p : bench.received) {
        const bool telemetry = p.topic == "openegiz/factory-a/oven/oven-001/electrical/telemetry";
        EXPECT_EQ(p.qos, telemetry ? 1 : 2) << p.topic;
    }
}

TEST_F(BoardTest, AMissingSensorIsACodeNeverANumber) {
    bench.sensors.next.electrical.voltage[1] = Measured::bad(Quality::comm_error);
    bench.sensors.next.electrical.frequency = {4990, Quality::stale};
    bench.sensors.next.electrical.active_power = Measured::bad(Quality::absent);
    bench.boot();
    bench.run(1500);
    const std::string payload = bench.payloads("/telemetry")[0];
    EXPECT_NE(payload.find(R"("voltage":{"a":220.5,"c":220.7,"unit":"V"})"), std::string::npos);
    EXPECT_EQ(payload.find("49.9"), std::string::npos);
    EXPECT_EQ(payload.find("kW\""), std::string::npos);
    EXPECT_NE(payload.find(R"("quality":{"voltage.b":"comm_error","active_power":"absent","frequency":"stale"})"),
              std::string::npos);
}

TEST_F(BoardTest, AnnouncesItselfAndLeavesAWill) {
    bench.boot();
    bench.run(1500);
    EXPECT_EQ(bench.mqtt.subscribed, "openegiz/factory-a/oven/oven-001/command");
    EXPECT_LE(bench.mqtt.receive_maximum, 100);
    EXPECT_NE(bench.mqtt.will.find(R"("status":"offline")"), std::string::npos);
    const auto status = bench.payloads("/status");
    ASSERT_EQ(status.size(), 1U);
    EXPECT_NE(status[0].find(R"("configuration":{"revision":0,"reported_hash":null})"), std::string::npos);
}

TEST_F(BoardTest, HeartbeatEverySixtySecondsWithQos2) {
    bench.boot();
    bench.run(10 * 60'000);
    std::size_t beats = 0;
    for (const auto& p : bench.received) {
        if (!p.topic.ends_with("/status")) continue;
        EXPECT_EQ(p.qos, 2);
        EXPECT_TRUE(p.retain);
        ++beats;
    }
    EXPECT_EQ(beats, 10U);
}

TEST_F(BoardTest, NothingIsLostOrDoubledThroughAnOutage) {
    bench.boot();
    bench.run(10'000);
    bench.lose_broker();
    bench.run(600'000);
    EXPECT_GT(bench.board->backlog().size(), 590U);
    bench.broker_up = true;
    bench.run(120'000);
    std::multiset<std::uint32_t> seen;
    for (const auto& payload : bench.payloads("/telemetry")) seen.insert(seq_of(payload));
    for (std::uint32_t seq = 1; seq <= *seen.rbegin(); ++seq) ASSERT_EQ(seen.count(seq), 1U) << seq;
    EXPECT_EQ(bench.board->backlog().size(), 0U);
    EXPECT_LE(bench.mqtt.most_in_flight, 100U);
}

TEST_F(BoardTest, APowerCutInAnOutageKeepsWhatWasRecorded) {
    bench.boot();
    bench.run(5'000);
    bench.lose_broker();
    bench.run(300'000);
    bench.boot();
    bench.broker_up = true;
    bench.run(120'000);
    std::set<std::pair<std::string, std::uint32_t>> seen;
    for (const auto& payload : bench.payloads("/telemetry")) {
        seen.insert({payload.substr(payload.find("\"boot_id\":"), 11), seq_of(payload)});
    }
    for (std::uint32_t seq = 1; seq <= 305; ++seq) ASSERT_EQ(seen.count({"\"boot_id\":1", seq}), 1U) << seq;
    EXPECT_EQ(seen.count({"\"boot_id\":2", 1}), 1U);
}

TEST_F(BoardTest, RecordsFromBeforeTheFirstSyncGetTheRightTime) {
    bench.clock.synced = false;
    bench.broker_up = false;
    bench.boot();
    bench.run(5'000);
    bench.clock.synced = true;
    bench.broker_up = true;
    bench.run(60'000);
    const auto telemetry = bench.payloads("/telemetry");
    ASSERT_GT(telemetry.size(), 6U);
    EXPECT_NE(telemetry[0].find("2026-11-18T11:06:40.000Z"), std::string::npos) << telemetry[0];
    EXPECT_NE(telemetry[4].find("2026-11-18T11:06:44.000Z"), std::string::npos) << telemetry[4];
}

TEST_F(BoardTest, WithoutATimeServerItStillConnects) {
    bench.clock.synced = false;
    bench.boot();
    bench.run(10'000);
    EXPECT_FALSE(bench.board->online());
    bench.run(20'000);
    EXPECT_TRUE(bench.board->online());
}

TEST_F(BoardTest, ReconnectsWithGrowingJitter) {
    bench.broker_up = false;
    bench.boot();
    bench.mqtt.refuse_connect = true;
    bench.run(3'600'000);
    // Base 1 s, cap 60 s, uniform below the ceiling: about 30 s apart in the long run.
    EXPECT_GT(bench.mqtt.hosts.size(), 90U);
    EXPECT_LT(bench.mqtt.hosts.size(), 200U);
}

TEST_F(BoardTest, InTheFirstMinuteOfAnOutageNoPauseIsLongerThanEightSeconds) {
    Backoff backoff(1000, 60'000, 3, 15);
    std::uint64_t elapsed = 0;
    std::uint32_t longest_later = 0;
    for (int attempt = 0; attempt < 60; ++attempt) {
        const std::uint32_t pause = backoff.next_ms(bench.random);
        if (elapsed < 40'000) {
            EXPECT_LE(pause, 8000U) << attempt;
        } else {
            longest_later = std::max(longest_later, pause);
        }
        elapsed += pause;
        EXPECT_LE(pause, 60'000U);
    }
    EXPECT_GT(longest_later, 30'000U);
}

TEST_F(BoardTest, AStarvedHeapEndsInARestartNotInSilence) {
    bench.mqtt.refuse_connect = true;
    bench.system.memory.largest_block = 12'000;
    bench.boot();
    bench.run(1'200'000);
    EXPECT_EQ(bench.system.restarts, 1U);
    EXPECT_EQ(bench.system.crashes, 0U);
}

TEST_F(BoardTest, TheHeartbeatNamesTheWorstCondition) {
    HealthFacts facts;
    EXPECT_EQ(Health::word(facts), "ok");
    facts.time_synced = false;
    EXPECT_EQ(Health::word(facts), "time_unknown");
    facts.sensors_good = false;
    EXPECT_EQ(Health::word(facts), "sensors_failed");
    facts.largest_block = 1000;
    EXPECT_EQ(Health::word(facts), "low_memory");
    facts.backlog_in_flash = false;
    EXPECT_EQ(Health::word(facts), "flash_failed");
    facts.safe_mode = true;
    EXPECT_EQ(Health::word(facts), "safe_mode");
    bench.sensors.next = {};
    bench.boot();
    bench.run(65'000);
    EXPECT_NE(bench.payloads("/status").back().find("\"health\":\"sensors_failed\""), std::string::npos);
}

TEST_F(BoardTest, AConnectionThatNeverAcknowledgesIsGivenUpAndNothingIsLost) {
    bench.boot();
    bench.run(2'000);
    bench.broker_up = false;  // TCP stays open, but nothing comes back
    bench.run(40'000);
    EXPECT_GE(bench.mqtt.disconnects, 2U);
    EXPECT_GE(bench.board->backlog().size(), 38U);
}

TEST_F(BoardTest, ThermalChangesAreSentAtOnce) {
    bench.use(SensorKind::thermal, "thermal");
    bench.boot();
    bench.command(R"({"command":"config","id":"c1","device_id":"esp32-oven001-elec","revision":1,)"
                  R"("settings":{"telemetry_interval_s":60},"hash":"6e57f16df38cb604bb928c3ab4c17a4a8d08275eef0cbd17a68aa0652be4d420"})");
    bench.run(1000);
    bench.received.clear();
    bench.sensors.next.thermal.heating = Heating::off;
    bench.run(2000);
    bench.sensors.next.thermal.setpoint = Measured::good(2000);
    bench.run(2000);
    bool off = false;
    bool setpoint = false;
    for (const auto& p : bench.payloads("/telemetry")) {
        off = off || p.find("\"heating_active\":false") != std::string::npos;
        setpoint = setpoint || p.find("\"setpoint\":200,") != std::string::npos;
    }
    EXPECT_TRUE(off);
    EXPECT_TRUE(setpoint);
}

TEST_F(BoardTest, ABootLoopEndsInSafeModeAndAHealthyRunLeavesIt) {
    for (int i = 0; i < 5; ++i) {
        bench.boot();
        EXPECT_FALSE(bench.board->safe_mode());
        bench.run(1000);
    }
    bench.boot();
    EXPECT_TRUE(bench.board->safe_mode());
    bench.received.clear();
    const auto samples = bench.sensors.samples;
    bench.run(400'000);
    EXPECT_EQ(bench.sensors.samples, samples) << "no driver runs in safe mode";
    for (const auto& p : bench.payloads("/telemetry")) {
        EXPECT_EQ(p.find("\"boot_id\":6"), std::string::npos) << "only what earlier boots left";
    }
    EXPECT_NE(bench.payloads("/status")[0].find("\"safe_mode\":true"), std::string::npos);
    bench.boot();
    EXPECT_FALSE(bench.board->safe_mode());
}

TEST_F(BoardTest, BootIdGoesUpByOneWithEveryBoot) {
    for (std::uint32_t i = 1; i <= 3; ++i) {
        bench.system.crashes = 0;
        EXPECT_EQ(bench.boot().boot_id(), i);
    }
}

TEST_F(BoardTest, AnIdentityThatCannotFormTopicsIsRefused) {
    for (const std::string_view bad : {"", "a/b", "+", "#", "-x", "a b", "\xC3\xA4"}) {
        bench.identity.equipment_id = bad;
        EXPECT_FALSE(make_topics(bench.identity).ok()) << bad;
    }
    bench.identity.equipment_id = "oven-002";  // thing_id still says oven-001
    EXPECT_FALSE(make_topics(bench.identity).ok());
}

}  // namespace
}  // namespace egiz
