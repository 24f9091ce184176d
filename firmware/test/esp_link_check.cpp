// The adapter's network half, with the SDK simulated by threads: sessions, acknowledgements, messages, downloads.
#include <gtest/gtest.h>

#include "esp_fakes/fakes.hpp"
#include "https_download.hpp"
#include "mqtt_link.hpp"

namespace egiz::esp {
namespace {

struct Core final : MqttEvents {
    int connected = 0, disconnected = 0, subscribed = 0;
    std::vector<std::pair<std::uint32_t, bool>> published;
    std::vector<std::string> messages;
    void on_connected() override { ++connected; }
    void on_disconnected() override { ++disconnected; }
    void on_subscribed() override { ++subscribed; }
    void on_published(std::uint32_t token, bool accepted) override { published.emplace_back(token, accepted); }
    void on_message(const InboundMessage& m) override {
        messages.push_back(std::string(m.topic) + "|" + std::string(m.payload) + "|" + (m.retained ? "r" : "-") + "|" +
                           std::string(reinterpret_cast<const char*>(m.correlation.data()), m.correlation.size()));
    }
};

// The tasks of a link never end, so one link lives for the whole program, as on a board.
struct Bench {
    BrokerIdentity broker;
    MqttLink link{broker, "esp32-oven001-elec"};
    Bench() {
        EXPECT_TRUE(broker.host.assign("broker.local") && broker.password.assign("pw") && broker.ca.assign("ca"));
        EXPECT_TRUE(link.start().ok());
    }
};

Bench& bench() {
    static Bench one;
    return one;
}

ConnectRequest request() {
    ConnectRequest r;
    r.will = {"status", "{\"offline\":1}", 2, true};
    return r;
}

struct LinkTest : testing::Test {
    MqttLink& link = bench().link;
    Core core;
    void SetUp() override {
        link.disconnect(false);
        ASSERT_TRUE(fake::eventually([] { return fake::live_clients == 0; }));
        link.dispatch(core, 0);
        fake::reset();
        core = Core{};
    }
    void TearDown() override { link.disconnect(false); }
    bool until(const std::function<bool()>& done) {
        return fake::eventually([&] {
            link.dispatch(core, 0);
            return done();
        });
    }
    void open() {
        const std::size_t before = fake::client_count();
        ASSERT_TRUE(fake::eventually([&] { return link.connect(request()).ok(); }));
        ASSERT_TRUE(fake::eventually([&] { return fake::client_count() > before && fake::client().started; }));
        fake::mqtt_event(MQTT_EVENT_CONNECTED);
        ASSERT_TRUE(until([&] { return core.connected >= 1; }));
    }
};

TEST_F(LinkTest, ConnectsWithTls13WillAndFlowLimit) {
    open();
    const fake::MqttClient client = fake::client();
    EXPECT_TRUE(client.tls13);
    EXPECT_EQ(client.host, "broker.local");
    EXPECT_EQ(client.port, 8883U);
    EXPECT_EQ(client.user, "esp32-oven001-elec");
    EXPECT_EQ(client.password, "pw");
    EXPECT_EQ(client.will_topic, "status");
    EXPECT_EQ(client.will, "{\"offline\":1}");
    EXPECT_LE(client.receive_maximum, 100);
    EXPECT_EQ(link.connect(request()).error(), Err::busy) << "one session at a time";
}

TEST_F(LinkTest, AConfiguredBrokerReplacesTheProvisionedOne) {
    ConnectRequest other = request();
    other.host = "other.local";
    other.port = 9883;
    ASSERT_TRUE(fake::eventually([&] { return link.connect(other).ok(); }));
    ASSERT_TRUE(fake::eventually([] { return fake::client_count() > 0; }));
    EXPECT_EQ(fake::client().host, "other.local");
    EXPECT_EQ(fake::client().port, 9883U);
}

TEST_F(LinkTest, PublishesWithPropertiesAndMatchesTheAcknowledgement) {
    open();
    const std::array<std::uint8_t, 3> correlation = {'a', 'b', 'c'};
    const auto token = link.publish({"t/status", "{}", 2, true, correlation});
    ASSERT_TRUE(token.ok());
    ASSERT_TRUE(fake::eventually([] { return fake::client().published.size() == 1; }));
    EXPECT_EQ(fake::client().published[0], "t/status|{}|2|1|abc");
    EXPECT_FALSE(core.published.size());
    // The client's own number for it is whatever it is: every number that was not sent is ignored.
    for (int id = 1; id < 2000 && core.published.empty(); ++id) {
        fake::mqtt_event(MQTT_EVENT_PUBLISHED, id, 0);
        link.dispatch(core, 0);
    }
    ASSERT_EQ(core.published.size(), 1U);
    EXPECT_EQ(core.published[0], (std::pair{token.value(), true}));
}

TEST_F(LinkTest, AnAcknowledgementThatOvertakesIsNotLost) {
    open();
    fake::acknowledge_at_once = true;
    std::vector<std::uint32_t> tokens;
    while (tokens.size() < 200) {
        const auto token = link.publish({"t", "x", 1, false, {}});
        if (token.ok()) tokens.push_back(token.value());
        link.dispatch(core, 0);
    }
    ASSERT_TRUE(until([&] { return core.published.size() == tokens.size(); }));
    for (std::size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(core.published[i], (std::pair{tokens[i], true}));
}

TEST_F(LinkTest, AFailedPublishIsARefusal) {
    open();
    fake::publish_fails = true;
    const auto token = link.publish({"t", "x", 1, false, {}});
    ASSERT_TRUE(token.ok());
    ASSERT_TRUE(until([&] { return core.published.size() == 1; }));
    EXPECT_EQ(core.published[0], (std::pair{token.value(), false}));
}

TEST_F(LinkTest, TooLargeIsRefusedAndFullIsBusyWithoutBlocking) {
    open();
    EXPECT_EQ(link.publish({"t", std::string(longest_payload + 1, 'x'), 1, false, {}}).error(), Err::no_space);
    bool busy = false;
    for (int i = 0; i < 1000 && !busy; ++i) busy = link.publish({"t", "x", 1, false, {}}).error() == Err::busy;
    EXPECT_TRUE(busy || fake::client().published.size() > 900);
}

TEST_F(LinkTest, TheBrokersEndAndOursLeaveTheWill) {
    open();
    fake::mqtt_event(MQTT_EVENT_DISCONNECTED);
    ASSERT_TRUE(until([&] { return core.disconnected == 1; }));
    ASSERT_TRUE(fake::eventually([] { return fake::live_clients == 0; }));
    EXPECT_EQ(fake::client().disconnect_reason, 0x04);
    core = Core{};
    open();
    link.disconnect(true);
    ASSERT_TRUE(fake::eventually([] { return fake::live_clients == 0; }));
    EXPECT_EQ(fake::client().disconnect_reason, 0) << "a clean end takes the will with it";
}

TEST_F(LinkTest, NothingOfAnOldSessionReachesTheNext) {
    open();
    fake::mqtt_event(MQTT_EVENT_PUBLISHED, 1);
    fake::mqtt_event(MQTT_EVENT_DISCONNECTED);
    link.disconnect(false);
    link.dispatch(core, 0);
    EXPECT_EQ(core.disconnected, 0) << "the core ended that session itself";
    core = Core{};
    open();
    link.dispatch(core, 0);
    EXPECT_EQ(core.disconnected, 0);
    EXPECT_TRUE(core.published.empty());
}

TEST_F(LinkTest, SubscriptionRefusedEndsTheSession) {
    open();
    ASSERT_TRUE(link.subscribe("openegiz/f/oven/o/command", 1).ok());
    ASSERT_TRUE(fake::eventually([] { return fake::client().subscribed.size() == 1; }));
    fake::mqtt_event(MQTT_EVENT_SUBSCRIBED, 1, 1);
    ASSERT_TRUE(until([&] { return core.subscribed == 1; }));
    fake::mqtt_event(MQTT_EVENT_SUBSCRIBED, 2, 0x87);
    ASSERT_TRUE(until([&] { return core.disconnected == 1; }));
}

TEST_F(LinkTest, MessagesComeWholeWithTheirPropertiesOrNotAtAll) {
    open();
    const std::string large(longest_command, 'y');
    fake::mqtt_data("cmd", "{\"a\":1}", 4096, false, "corr");
    fake::mqtt_data("cmd", large, 1000, true);
    ASSERT_TRUE(until([&] { return core.messages.size() == 2; }));
    EXPECT_EQ(core.messages[0], "cmd|{\"a\":1}|-|corr");
    EXPECT_EQ(core.messages[1], "cmd|" + large + "|r|");
    fake::mqtt_data("cmd", std::string(longest_command + 1, 'z'), 1000, false);
    fake::mqtt_data("cmd", "after", 1000, false);
    ASSERT_TRUE(until([&] { return core.messages.size() == 3; }));
    EXPECT_EQ(core.messages[2], "cmd|after|-|");
}

TEST_F(LinkTest, MoreMessagesThanSlotsAreDroppedNotMixed) {
    open();
    for (const char* text : {"one", "two", "three", "four"}) fake::mqtt_data("cmd", text, 2, false);
    ASSERT_TRUE(until([&] { return core.messages.size() == 2; }));
    EXPECT_EQ(core.messages, (std::vector<std::string>{"cmd|one|-|", "cmd|two|-|"}));
    fake::mqtt_data("cmd", "five", 2, false);
    ASSERT_TRUE(until([&] { return core.messages.size() == 3; }));
}

TEST_F(LinkTest, ManySessionsLeakNothing) {
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(fake::eventually([&] { return link.connect(request()).ok(); })) << i;
        if (i % 3 == 0) fake::mqtt_event(MQTT_EVENT_CONNECTED);
        if (i % 3 == 1) fake::mqtt_event(MQTT_EVENT_DISCONNECTED);
        link.dispatch(core, 0);
        link.disconnect(i % 2 == 0);
    }
    EXPECT_TRUE(fake::eventually([] { return fake::live_clients == 0; }));
    open();
}

HttpsDownload& download() {
    static Pem ca;
    static HttpsDownload one(ca);
    static const bool started = one.start().ok();
    EXPECT_TRUE(started);
    return one;
}

struct DownloadTest : testing::Test {
    void SetUp() override { fake::reset(); }
    void TearDown() override { download().close(); }
    static Status open(std::size_t offset) {
        Status status;
        EXPECT_TRUE(fake::eventually([&] {
            status = download().open("https://updates.local/image.bin", offset);
            return status.error() != Err::busy;
        }));
        return status;
    }
    static Err drain(std::string& out) {
        std::array<std::uint8_t, 4096> chunk{};
        while (true) {
            const Result<std::size_t> got = download().poll(chunk);
            if (!got) return got.error();
            out.append(reinterpret_cast<const char*>(chunk.data()), got.value());
        }
    }
};

TEST_F(DownloadTest, DeliversAllAndSaysWhenItIsAll) {
    fake::http_body.assign(100'000, 'i');
    ASSERT_TRUE(open(0).ok());
    std::string got;
    EXPECT_EQ(drain(got), Err::not_found);
    EXPECT_EQ(got, fake::http_body);
    EXPECT_TRUE(fake::http_tls13);
    EXPECT_TRUE(fake::http_range.empty());
}

TEST_F(DownloadTest, ResumesWithRange) {
    for (int i = 0; i < 9000; ++i) fake::http_body += std::to_string(i);
    fake::http_status = 206;
    ASSERT_TRUE(open(8192).ok());
    std::string got;
    EXPECT_EQ(drain(got), Err::not_found);
    EXPECT_EQ(got, fake::http_body.substr(8192));
    EXPECT_EQ(fake::http_range, "bytes=8192-");
}

TEST_F(DownloadTest, AServerThatIgnoresRangeOrFailsIsAnError) {
    fake::http_body.assign(10'000, 'i');
    for (const auto& [status, offset] : {std::pair{200, 4096}, {404, 0}, {302, 0}, {206, 0}, {0, 0}}) {
        fake::http_status = status;
        ASSERT_TRUE(open(static_cast<std::size_t>(offset)).ok());
        std::string got;
        EXPECT_EQ(drain(got), Err::io) << status;
        EXPECT_TRUE(got.empty()) << status;
        download().close();
    }
}

TEST_F(DownloadTest, ABrokenConnectionGivesWhatCameAndThenAnError) {
    fake::http_body.assign(50'000, 'i');
    fake::http_break_after = 20'000;
    ASSERT_TRUE(open(0).ok());
    std::string got;
    EXPECT_EQ(drain(got), Err::io);
    EXPECT_GE(got.size(), 20'000U);
    EXPECT_LT(got.size(), 50'000U);
}

TEST_F(DownloadTest, ClosingEndsASlowOneAndOnlyHttpsIsTaken) {
    EXPECT_EQ(download().open("http://updates.local/image.bin", 0).error(), Err::bad_argument);
    fake::http_body.assign(1'000'000, 'i');
    ASSERT_TRUE(open(0).ok());
    download().close();
    fake::http_serve(std::string(10, 'n'));
    ASSERT_TRUE(open(0).ok());
    std::string got;
    EXPECT_EQ(drain(got), Err::not_found);
    EXPECT_EQ(got, "nnnnnnnnnn");
}

}  // namespace
}  // namespace egiz::esp
