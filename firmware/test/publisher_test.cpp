// FR-2.6: never more than the limit unacknowledged; every record delivered in order, whatever order answers come in.
#include "publisher.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "nor_flash.hpp"

namespace egiz {
namespace {

RecordBytes numbered(std::uint32_t n) {
    Record record;
    record.seq = n;
    RecordBytes bytes;
    encode(record, bytes);
    return bytes;
}

struct Sent {
    std::uint32_t token;
    std::uint32_t seq;
};

class PublisherTest : public ::testing::Test {
  protected:
    PublisherTest() {
        (void)backlog.open();
        backlog.set_offline(false);
    }
    void send_all() {
        for (auto next = publisher.next(); next.ok(); next = publisher.next()) {
            const std::uint32_t seq = decode(backlog.read(next.value()).value()).value().seq;
            publisher.sent(next.value(), ++token, 1);
            on_wire.push_back({token, seq});
        }
    }
    test::NorFlash flash{20};
    Backlog backlog{flash};
    Publisher publisher{backlog, 10};
    std::vector<Sent> on_wire;
    std::uint32_t token = 0;
};

TEST_F(PublisherTest, NeverExceedsItsLimit) {
    for (std::uint32_t n = 1; n <= 50; ++n) publisher.push(numbered(n));
    send_all();
    EXPECT_EQ(publisher.in_flight(), 10U);
    EXPECT_EQ(on_wire.size(), 10U);
}

TEST_F(PublisherTest, LimitIsAtMostAHundred) {
    Publisher wide(backlog, 5000);
    EXPECT_EQ(wide.limit(), 100U);
    Publisher none(backlog, 0);
    EXPECT_EQ(none.limit(), 1U);
}

TEST_F(PublisherTest, AcknowledgementsInAnyOrderKeepTheBacklogOrdered) {
    for (std::uint32_t n = 1; n <= 10; ++n) publisher.push(numbered(n));
    send_all();
    for (const std::size_t i : {9U, 4U, 1U, 2U, 3U}) EXPECT_TRUE(publisher.acknowledged(on_wire[i].token, true));
    EXPECT_EQ(backlog.size(), 10U);
    EXPECT_TRUE(publisher.acknowledged(on_wire[0].token, true));
    EXPECT_EQ(backlog.size(), 5U);
    EXPECT_FALSE(publisher.acknowledged(on_wire[0].token, true)) << "a second acknowledgement means nothing";
    EXPECT_FALSE(publisher.acknowledged(4711, true));
}

TEST_F(PublisherTest, AfterALossOnlyTheUnacknowledgedGoAgain) {
    for (std::uint32_t n = 1; n <= 8; ++n) publisher.push(numbered(n));
    send_all();
    publisher.acknowledged(on_wire[2].token, true);
    publisher.acknowledged(on_wire[5].token, true);
    publisher.connection_lost();
    on_wire.clear();
    send_all();
    std::vector<std::uint32_t> again;
    for (const Sent& s : on_wire) again.push_back(s.seq);
    EXPECT_EQ(again, (std::vector<std::uint32_t>{1, 2, 4, 5, 7, 8}));
}

TEST_F(PublisherTest, ARefusedMessageIsSentAgain) {
    publisher.push(numbered(1));
    send_all();
    EXPECT_TRUE(publisher.acknowledged(on_wire[0].token, false));
    EXPECT_EQ(publisher.refused_total(), 1U);
    send_all();
    EXPECT_EQ(on_wire.size(), 2U);
    EXPECT_EQ(on_wire[1].seq, 1U);
}

TEST_F(PublisherTest, DroppingTheOldestMovesTheWindow) {
    for (std::uint32_t n = 1; n <= 1000; ++n) publisher.push(numbered(n));
    send_all();
    for (std::uint32_t n = 1001; n <= 1003; ++n) publisher.push(numbered(n));
    EXPECT_EQ(backlog.dropped(), 3U);
    EXPECT_FALSE(publisher.acknowledged(on_wire[0].token, true));
    EXPECT_TRUE(publisher.acknowledged(on_wire[3].token, true));
    EXPECT_EQ(decode(backlog.read(0).value()).value().seq, 5U);
}

TEST_F(PublisherTest, RandomTrafficDeliversEverythingInOrderOfFirstDelivery) {
    std::uint32_t random = 3;
    const auto next_random = [&random] {
        random = random * 1664525U + 1013904223U;
        return random >> 16;
    };
    std::set<std::uint32_t> delivered;
    std::uint32_t pushed = 0;
    for (int step = 0; step < 20'000; ++step) {
        const std::uint32_t dice = next_random() % 10;
        if (dice < 3 && backlog.size() < 900) publisher.push(numbered(++pushed));
        if (dice < 8) send_all();
        ASSERT_LE(publisher.in_flight(), 10U);
        if (dice >= 3 && !on_wire.empty()) {
            const std::size_t i = next_random() % on_wire.size();
            if (publisher.acknowledged(on_wire[i].token, true)) delivered.insert(on_wire[i].seq);
            on_wire.erase(on_wire.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (next_random() % 200 == 0) {
            publisher.connection_lost();
            backlog.set_offline(next_random() % 2 == 0);
            on_wire.clear();
        }
    }
    while (backlog.size() > 0) {
        send_all();
        for (const Sent& s : std::vector<Sent>(std::move(on_wire))) {
            if (publisher.acknowledged(s.token, true)) delivered.insert(s.seq);
        }
        on_wire.clear();
    }
    EXPECT_EQ(delivered.size(), pushed);
}

}  // namespace
}  // namespace egiz
