// Commands: answered once each, idempotent, bounded, never retained, never another board's; configurations that cut
// the board off undo themselves.
#include <gtest/gtest.h>

#include "bench_board.hpp"
#include "digest.hpp"
#include "psa_crypto.hpp"

namespace egiz {
namespace {

using test::Bench;
using test::sha256_hex;

std::string config(std::string_view id, int revision, const std::string& settings, std::string hash = "",
                   std::string_view more = "") {
    if (hash.empty()) hash = sha256_hex(settings);
    return R"({"command":"config","id":")" + std::string(id) + R"(","device_id":"esp32-oven001-elec","revision":)" +
           std::to_string(revision) + R"(,"version":"1.0.0","schema":"esp32-sensor/1","settings":)" + settings + R"(,"hash":")" +
           hash + "\"" + std::string(more) + "}";
}

std::string simple(std::string_view command, std::string_view id, std::string_view more = "",
                   std::string_view device = "esp32-oven001-elec") {
    return R"({"command":")" + std::string(command) + R"(","id":")" + std::string(id) + R"(","device_id":")" +
           std::string(device) + "\"" + std::string(more) + "}";
}

class CommandsTest : public ::testing::Test {
  protected:
    CommandsTest() {
        bench.boot();
        bench.run(2000);
        bench.received.clear();
    }
    void send(const std::string& payload, bool retained = false) {
        bench.command(payload, retained);
        bench.run(200);
    }
    host::PsaCrypto crypto;
    Bench bench{crypto};
};

TEST_F(CommandsTest, AValidConfigurationIsAppliedAtOnceAndReported) {
    send(config("c1", 3, R"({"log_level":"debug","telemetry_interval_s":5})"));
    EXPECT_TRUE(bench.answered("c1", "applied", "APPLIED")) << bench.answer("c1");
    EXPECT_EQ(bench.board->config().active().revision, 3U);
    EXPECT_EQ(bench.system.level, LogLevel::debug);
    EXPECT_NE(bench.answer("c1").find(sha256_hex(R"({"log_level":"debug","telemetry_interval_s":5})")), std::string::npos);
    for (const auto& p : bench.received) {
        const bool answer = p.payload.find("\"command\"") != std::string::npos;
        EXPECT_EQ(p.correlation.size(), answer ? 16U : 0U) << "an answer carries the command's correlation data";
    }
    bench.received.clear();
    bench.run(60'000);
    EXPECT_NEAR(static_cast<double>(bench.payloads("/telemetry").size()), 12.0, 1.0);
}

TEST_F(CommandsTest, MembersMayComeInAnyOrderAndSpelling) {
    send(config("c1", 1, "{ \"telemetry_interval_s\" : 1.0e1 , \"log_level\":\"\\u0069nfo\" }",
                sha256_hex(R"({"log_level":"info","telemetry_interval_s":10})")));
    EXPECT_TRUE(bench.answered("c1", "applied", "APPLIED")) << bench.answer("c1");
}

TEST_F(CommandsTest, AnInvalidConfigurationSaysWhereAndChangesNothing) {
    send(config("c1", 1, R"({"colour":1,"filter_window":99,"heartbeat_interval_s":"x","telemetry_interval_s":0})"));
    EXPECT_TRUE(bench.answered("c1", "rejected", "INVALID"));
    const std::string answer = bench.answer("c1");
    for (const char* part : {R"("pointer":"/telemetry_interval_s","rule":"minimum")",
                             R"("pointer":"/heartbeat_interval_s","rule":"type")", R"("rule":"additionalProperties")",
                             R"("pointer":"/filter_window","rule":"maximum")"}) {
        EXPECT_NE(answer.find(part), std::string::npos) << part << answer;
    }
    EXPECT_EQ(bench.board->config().active().revision, 0U);
}

TEST_F(CommandsTest, BoundsOfEverySetting) {
    const std::vector<std::pair<std::string, bool>> cases{
        {R"({"telemetry_interval_s":1})", true},   {R"({"telemetry_interval_s":60})", true},
        {R"({"telemetry_interval_s":61})", false}, {R"({"telemetry_interval_s":1.5})", false},
        {R"({"heartbeat_interval_s":10})", true},  {R"({"heartbeat_interval_s":9})", false},
        {R"({"heartbeat_interval_s":61})", false}, {R"({"confirm_timeout_s":30})", true},
        {R"({"confirm_timeout_s":901})", false},   {R"({"filter_window":15})", true},
        {R"({"filter_window":0})", false},         {R"({"log_level":"none"})", false},
        {R"({"log_level":3})", false},             {R"({"broker":{"host":"b"}})", false},
        {R"({"broker":{"host":"a..b","port":1}})", false}, {R"({"broker":{"host":"b","port":0}})", false},
        {R"({"broker":{"host":"b","port":1,"x":1}})", false}, {"{}", true}};
    int n = 0;
    for (const auto& [settings, good] : cases) {
        ++n;
        const std::string id = "b" + std::to_string(n);
        send(config(id, n, settings));
        EXPECT_TRUE(bench.answered(id, good ? "applied" : "rejected", good ? "APPLIED" : "INVALID")) << settings;
    }
}

TEST_F(CommandsTest, ARepeatedCommandRepeatsItsAnswerAlsoAfterARestart) {
    send(config("c1", 1, R"({"telemetry_interval_s":99})"));
    const std::string first = bench.answer("c1");
    send(config("c1", 1, R"({"telemetry_interval_s":5})"));
    EXPECT_EQ(bench.answer("c1"), first) << "same id, so the same answer, whatever it says now";
    bench.boot();
    bench.run(2000);
    bench.received.clear();
    send(config("c1", 1, R"({"telemetry_interval_s":5})"));
    EXPECT_TRUE(bench.answered("c1", "rejected", "INVALID"));
    EXPECT_EQ(bench.board->config().active().revision, 0U);
}

TEST_F(CommandsTest, StaleConflictingAndUnchangedRevisions) {
    send(config("c5", 5, R"({"telemetry_interval_s":5})"));
    send(config("c4", 4, R"({"telemetry_interval_s":4})"));
    EXPECT_TRUE(bench.answered("c4", "superseded", "STALE_REVISION"));
    send(config("c5b", 5, R"({"telemetry_interval_s":5})"));
    EXPECT_TRUE(bench.answered("c5b", "applied", "UNCHANGED"));
    send(config("c5c", 5, R"({"telemetry_interval_s":6})"));
    EXPECT_TRUE(bench.answered("c5c", "rejected", "REVISION_CONFLICT"));
    EXPECT_EQ(bench.board->config().active().settings.telemetry_interval_s, 5);
}

TEST_F(CommandsTest, AWrongHashOrSchemaIsRefused) {
    send(config("h1", 1, R"({"telemetry_interval_s":5})", std::string(64, 'a')));
    EXPECT_TRUE(bench.answered("h1", "rejected", "HASH_MISMATCH"));
    send(R"({"command":"config","id":"h2","device_id":"*","revision":1,"schema":"opc-core-client/1","settings":{},"hash":""})");
    EXPECT_TRUE(bench.answered("h2", "rejected", "INVALID"));
    send(R"({"command":"config","id":"h3","device_id":"*","revision":0,"settings":{},"hash":""})");
    EXPECT_TRUE(bench.answered("h3", "rejected", "INVALID"));
}

TEST_F(CommandsTest, RetainedForeignExpiredAndUnreadableCommandsDoNothing) {
    send(simple("identify", "r1"), true);
    send(simple("identify", "r2", "", "esp32-other"));
    send("not json");
    send("[]");
    send("{}");
    send(R"({"command":"identify","device_id":"esp32-oven001-elec"})");
    send(R"({"command":"identify","id":"has space","device_id":"esp32-oven001-elec"})");
    send(std::string(5000, ' ') + simple("identify", "r3"));
    EXPECT_TRUE(bench.payloads("/status").empty());
    EXPECT_EQ(bench.system.identified_s, 0U);
    send(simple("identify", "e1", R"(,"expires_at":"2026-11-18T11:00:00Z")"));
    EXPECT_TRUE(bench.answered("e1", "rejected", "EXPIRED"));
    send(simple("identify", "e2", R"(,"expires_at":"tomorrow")"));
    EXPECT_TRUE(bench.answered("e2", "rejected", "INVALID"));
    EXPECT_EQ(bench.system.identified_s, 0U);
    send(simple("dance", "u1"));
    EXPECT_TRUE(bench.answered("u1", "rejected", "UNKNOWN_COMMAND"));
}

TEST_F(CommandsTest, IdentifyAndLogLevelWithTheirBounds) {
    send(simple("identify", "i1", R"(,"seconds":12)", "*"));
    EXPECT_TRUE(bench.answered("i1", "applied", "APPLIED"));
    EXPECT_EQ(bench.system.identified_s, 12U);
    send(simple("identify", "i2", R"(,"seconds":301)"));
    EXPECT_TRUE(bench.answered("i2", "rejected", "INVALID"));
    send(simple("log_level", "l1", R"(,"level":"debug","seconds":60)"));
    EXPECT_EQ(bench.system.level, LogLevel::debug);
    bench.run(61'000);
    EXPECT_EQ(bench.system.level, LogLevel::info) << "back to the configured level by itself";
    send(simple("log_level", "l2", R"(,"level":"loud")"));
    EXPECT_TRUE(bench.answered("l2", "rejected", "INVALID"));
}

TEST_F(CommandsTest, RebootAnswersFirstAndHappensOnce) {
    send(simple("reboot", "rb"));
    EXPECT_TRUE(bench.answered("rb", "applied", "REBOOTING"));
    bench.run(6000);
    EXPECT_EQ(bench.system.restarts, 1U);
    EXPECT_EQ(bench.system.crashes, 0U) << "an intended restart is no crash";
    bench.boot();
    bench.run(2000);
    send(simple("reboot", "rb"));
    bench.run(10'000);
    EXPECT_EQ(bench.system.restarts, 1U);
}

TEST_F(CommandsTest, FactoryResetNeedsTheTokenInTime) {
    send(config("c1", 1, R"({"telemetry_interval_s":5})"));
    send(simple("factory_reset", "f0", R"(,"token":"00000000")"));
    EXPECT_TRUE(bench.answered("f0", "rejected", "BAD_TOKEN"));
    send(simple("factory_reset", "f1"));
    ASSERT_TRUE(bench.answered("f1", "received", "CONFIRM"));
    const auto token_of = [&](std::string_view id) {
        const std::string answer = bench.answer(id);
        return answer.substr(answer.find("\"message\":\"") + 11, 8);
    };
    const std::string late = token_of("f1");
    bench.run(61'000);
    send(simple("factory_reset", "f2", R"(,"token":")" + late + "\""));
    EXPECT_TRUE(bench.answered("f2", "rejected", "BAD_TOKEN"));
    send(simple("factory_reset", "f3"));
    send(simple("factory_reset", "f4", R"(,"token":")" + token_of("f3") + "\""));
    EXPECT_TRUE(bench.answered("f4", "applied", "REBOOTING"));
    bench.run(6000);
    EXPECT_EQ(bench.system.restarts, 1U);
    bench.boot();
    EXPECT_EQ(bench.board->config().active().revision, 0U);
    EXPECT_EQ(bench.board->backlog().size(), 0U);
}

constexpr const char* other_broker = R"({"broker":{"host":"new.example","port":8883},"confirm_timeout_s":60})";

TEST_F(CommandsTest, ANewBrokerIsKeptOnceItIsReached) {
    send(config("n1", 1, other_broker));
    EXPECT_TRUE(bench.answered("n1", "received", "RECEIVED"));
    bench.run(10'000);
    EXPECT_EQ(bench.mqtt.hosts.back(), "new.example");
    EXPECT_TRUE(bench.answered("n1", "applied", "APPLIED"));
    EXPECT_FALSE(bench.board->config().on_trial());
    bench.boot();
    bench.run(2000);
    EXPECT_EQ(bench.mqtt.hosts.back(), "new.example");
}

TEST_F(CommandsTest, ABrokerThatCannotBeReachedIsGivenUp) {
    send(config("g1", 1, R"({"telemetry_interval_s":7})"));
    send(config("n1", 2, other_broker));
    bench.broker_up = false;
    bench.run(59'000);
    EXPECT_TRUE(bench.board->config().on_trial());
    bench.run(5'000);
    EXPECT_FALSE(bench.board->config().on_trial());
    EXPECT_EQ(bench.board->config().active().settings.telemetry_interval_s, 7);
    bench.broker_up = true;
    bench.run(90'000);
    EXPECT_EQ(bench.mqtt.hosts.back(), "");
    EXPECT_TRUE(bench.answered("n1", "failed", "BROKER_UNREACHABLE"));
}

TEST_F(CommandsTest, ARestartDuringTheTrialContinuesIt) {
    send(config("n1", 1, other_broker));
    bench.broker_up = false;
    bench.run(20'000);
    bench.boot();
    EXPECT_TRUE(bench.board->config().on_trial());
    bench.run(61'000);
    bench.broker_up = true;
    bench.run(90'000);
    EXPECT_EQ(bench.board->config().active().revision, 0U);
    EXPECT_TRUE(bench.answered("n1", "failed", "BROKER_UNREACHABLE"));
}

TEST_F(CommandsTest, ANewerConfigurationEndsATrial) {
    send(config("n1", 1, other_broker));
    send(config("n2", 2, R"({"telemetry_interval_s":9})"));
    bench.run(10'000);
    EXPECT_TRUE(bench.answered("n1", "superseded", "SUPERSEDED"));
    EXPECT_TRUE(bench.answered("n2", "applied", "APPLIED"));
    EXPECT_EQ(bench.mqtt.hosts.back(), "");
}

TEST_F(CommandsTest, APowerCutAtAnyKeyWriteLeavesOneConfigurationWhole) {
    for (std::uint64_t cut = 0; cut < 12; ++cut) {
        Bench b(crypto);
        b.boot();
        b.run(2000);
        b.command(config("c1", 1, R"({"telemetry_interval_s":5})"));
        b.run(500);
        b.kv.cut_at = b.kv.writes + cut + 1;
        b.command(config("c2", 2, other_broker));
        b.run(10'000);
        b.kv.cut_at = UINT64_MAX;
        b.boot();
        b.run(30'000);
        const auto revision = b.board->config().active().revision;
        const auto interval = b.board->config().active().settings.telemetry_interval_s;
        EXPECT_TRUE((revision == 1 && interval == 5) || (revision == 2 && interval == 1)) << cut;
    }
}

TEST_F(CommandsTest, AStoreThatRefusesMakesTheCommandFail) {
    bench.kv.failing = true;
    send(config("c1", 1, R"({"telemetry_interval_s":5})"));
    EXPECT_TRUE(bench.answered("c1", "failed", "STORE_FAILED"));
    EXPECT_EQ(bench.board->config().active().revision, 0U);
}

}  // namespace
}  // namespace egiz
