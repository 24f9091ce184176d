// FR-1.7: 1,000 records, drop-oldest with a counter, order kept, and a power cut at any write loses nothing that was
// stored and invents nothing.
#include "backlog.hpp"

#include <gtest/gtest.h>

#include <set>

#include "nor_flash.hpp"

namespace egiz {
namespace {

using test::NorFlash;

RecordBytes numbered(std::uint32_t n) {
    Record record;
    record.seq = n;
    record.boot_id = 1;
    record.time_ms = 1'790'000'000'000 + n;
    RecordBytes bytes;
    encode(record, bytes);
    return bytes;
}

std::uint32_t number_of(const Result<RecordBytes>& bytes) {
    EXPECT_TRUE(bytes.ok());
    const Result<Record> record = decode(bytes.value());
    EXPECT_TRUE(record.ok());
    return record.value().seq;
}

TEST(Backlog, KeepsOrderThroughRamAndFlash) {
    NorFlash flash(20);
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    for (std::uint32_t n = 1; n <= 100; ++n) backlog.push(numbered(n));
    backlog.set_offline(false);
    for (std::uint32_t n = 101; n <= 400; ++n) backlog.push(numbered(n));
    ASSERT_EQ(backlog.size(), 400U);
    for (std::uint32_t n = 1; n <= 400; ++n) {
        ASSERT_EQ(number_of(backlog.read(0)), n);
        backlog.pop_front();
    }
    EXPECT_EQ(backlog.size(), 0U);
    EXPECT_EQ(backlog.dropped(), 0U);
    EXPECT_EQ(flash.illegal_writes(), 0U);
}

TEST(Backlog, DropsTheOldestBeyondAThousandAndCountsIt) {
    NorFlash flash(64);
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    ASSERT_EQ(backlog.capacity(), 1000U);
    for (std::uint32_t n = 1; n <= 5000; ++n) backlog.push(numbered(n));
    EXPECT_EQ(backlog.size(), 1000U);
    EXPECT_EQ(backlog.dropped(), 4000U);
    EXPECT_EQ(number_of(backlog.read(0)), 4001U);
    EXPECT_EQ(number_of(backlog.read(999)), 5000U);
    EXPECT_EQ(flash.illegal_writes(), 0U);
}

TEST(Backlog, DoesNotTouchFlashWhileTheLinkDelivers) {
    NorFlash flash(20);
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    backlog.set_offline(false);
    const auto before = flash.operations();
    for (std::uint32_t n = 1; n <= 10'000; ++n) {
        backlog.push(numbered(n));
        backlog.pop_front();
    }
    EXPECT_EQ(flash.operations(), before);
}

TEST(Backlog, SurvivesARestartWithAllRecords) {
    NorFlash flash(20);
    {
        Backlog backlog(flash);
        ASSERT_TRUE(backlog.open().ok());
        for (std::uint32_t n = 1; n <= 900; ++n) backlog.push(numbered(n));
        for (std::uint32_t n = 1; n <= 300; ++n) backlog.pop_front();
        backlog.sync();
    }
    Backlog again(flash);
    ASSERT_TRUE(again.open().ok());
    ASSERT_EQ(again.size(), 600U);
    EXPECT_EQ(number_of(again.read(0)), 301U);
    EXPECT_EQ(number_of(again.read(599)), 900U);
}

TEST(Backlog, GoesOnInRamWhenFlashFails) {
    NorFlash flash(20);
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    flash.set_failing(true);
    for (std::uint32_t n = 1; n <= 200; ++n) backlog.push(numbered(n));
    EXPECT_FALSE(backlog.flash_ok());
    EXPECT_EQ(backlog.size(), 128U);
    EXPECT_EQ(backlog.dropped(), 72U);
    EXPECT_EQ(number_of(backlog.read(0)), 73U);
    flash.set_failing(false);
    backlog.push(numbered(201));
    EXPECT_TRUE(backlog.flash_ok());
    EXPECT_EQ(backlog.size(), 129U);
    EXPECT_EQ(number_of(backlog.read(0)), 73U);
}

TEST(Backlog, RefusesAPartitionItCannotUse) {
    NorFlash flash(3);
    Backlog backlog(flash);
    EXPECT_EQ(backlog.open().error(), Err::unsupported);
    for (std::uint32_t n = 1; n <= 300; ++n) backlog.push(numbered(n));
    EXPECT_EQ(backlog.size(), 128U);
    EXPECT_EQ(number_of(backlog.read(0)), 173U);
}

TEST(Backlog, SpreadsWearEvenly) {
    NorFlash flash(24);
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    for (std::uint32_t n = 1; n <= 63 * 22 * 20; ++n) backlog.push(numbered(n));
    for (std::size_t sector = 0; sector < 22; ++sector) {
        EXPECT_GE(flash.erases()[sector], 19U);
        EXPECT_LE(flash.erases()[sector], 21U);
    }
}

// What a run of pushes and pops may expect to find after a cut.
struct Expectation {
    std::uint32_t stored = 0;     // the newest record whose push returned while power was on
    std::uint32_t delivered = 0;  // the newest record that was popped
    std::uint32_t oldest_kept = 1;
};

Expectation run_until_cut(NorFlash& flash, std::uint32_t first, std::uint32_t seed) {
    Expectation expect;
    Backlog backlog(flash);
    if (!backlog.open().ok()) return expect;
    std::uint32_t random = seed | 1U;
    std::uint32_t n = first;
    for (int step = 0; step < 4000 && flash.powered(); ++step) {
        random = random * 1664525U + 1013904223U;
        if ((random >> 16) % 3 != 0 || backlog.size() == 0) {
            // A full backlog gives up its oldest record first; a cut while doing so cannot bring it back.
            if (backlog.size() == backlog.capacity()) ++expect.oldest_kept;
            backlog.push(numbered(n));
            if (flash.powered()) expect.stored = n;
            ++n;
        } else {
            const std::uint32_t front = number_of(backlog.read(0));
            backlog.pop_front();
            expect.delivered = front;
        }
        if (backlog.size() > 0 && flash.powered()) expect.oldest_kept = number_of(backlog.read(0));
    }
    return expect;
}

void check_after_cut(NorFlash& flash, const Expectation& expect) {
    flash.power_on();
    Backlog backlog(flash);
    ASSERT_TRUE(backlog.open().ok());
    std::uint32_t previous = 0;
    std::set<std::uint32_t> found;
    while (backlog.size() > 0) {
        const std::uint32_t n = number_of(backlog.read(0));
        ASSERT_GT(n, previous) << "order must survive";
        previous = n;
        found.insert(n);
        backlog.pop_front();
    }
    // Nothing stored and not delivered is lost ...
    for (std::uint32_t n = std::max(expect.oldest_kept, expect.delivered + 1); n <= expect.stored; ++n) {
        ASSERT_EQ(found.count(n), 1U) << "lost record " << n;
    }
    // ... and at most what the cursor log lags behind, and the record being written, comes again.
    if (!found.empty()) {
        EXPECT_LE(*found.rbegin(), expect.stored + 1);
        EXPECT_GE(*found.begin() + 17, std::min(expect.oldest_kept, expect.delivered + 1));
    }
    EXPECT_EQ(flash.illegal_writes(), 0U);
}

TEST(BacklogPowerCut, AtEveryWriteOfASmallRing) {
    // Small sectors make sector changes and cursor log changes frequent.
    for (std::uint64_t cut = 0; cut < 400; ++cut) {
        for (std::uint32_t seed = 1; seed <= 3; ++seed) {
            NorFlash flash(24, 512);
            flash.cut_power_after(cut, seed + static_cast<std::uint32_t>(cut));
            const Expectation expect = run_until_cut(flash, 1, seed);
            check_after_cut(flash, expect);
            if (HasFatalFailure() || HasNonfatalFailure()) {
                FAIL() << "cut " << cut << " seed " << seed;
            }
        }
    }
}

TEST(BacklogPowerCut, AgainAndAgainOnTheSamePart) {
    NorFlash flash(24, 512);
    std::uint32_t next = 1;
    std::uint32_t kept_from = 1;
    for (std::uint32_t round = 0; round < 400; ++round) {
        flash.cut_power_after((round * 7919U) % 97U, round + 1);
        Expectation expect = run_until_cut(flash, next, round + 5);
        flash.power_on();
        Backlog backlog(flash);
        ASSERT_TRUE(backlog.open().ok());
        std::uint32_t previous = 0;
        for (std::size_t i = 0; i < backlog.size(); ++i) {
            const std::uint32_t n = number_of(backlog.read(i));
            ASSERT_GT(n, previous) << "round " << round;
            previous = n;
        }
        if (expect.stored > expect.delivered) {
            ASSERT_GE(previous, expect.stored) << "round " << round;
        }
        kept_from = previous;
        next = std::max(previous, expect.stored) + 2;
    }
    EXPECT_GT(kept_from, 100U);
    EXPECT_EQ(flash.illegal_writes(), 0U);
}

TEST(BacklogPowerCut, GarbageInFlashIsNeverARecord) {
    std::uint32_t random = 12345;
    for (int round = 0; round < 50; ++round) {
        NorFlash flash(6, 512);
        for (auto& byte : flash.bytes()) {
            random = random * 1664525U + 1013904223U;
            byte = static_cast<std::uint8_t>(random >> 24);
        }
        Backlog backlog(flash);
        ASSERT_TRUE(backlog.open().ok());
        EXPECT_EQ(backlog.size(), 0U);
        for (std::uint32_t n = 1; n <= 20; ++n) backlog.push(numbered(n));
        EXPECT_EQ(backlog.size(), 20U);
        EXPECT_EQ(number_of(backlog.read(0)), 1U);
    }
}

}  // namespace
}  // namespace egiz
