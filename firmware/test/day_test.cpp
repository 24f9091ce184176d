// A day of a board's life at 1 Hz, with outages, restarts and a clock that steps: every record arrives once.
#include <gtest/gtest.h>

#include <ctime>
#include <vector>

#include "bench_board.hpp"
#include "psa_crypto.hpp"

namespace egiz {
namespace {

TEST(Day, TwentyFourHoursWithOutagesLoseNothing) {
    host::PsaCrypto crypto;
    test::Bench bench(crypto);
    std::vector<std::uint8_t> seen(90'000, 0);
    std::uint32_t status = 0;
    bench.on_received = [&](const test::Published& p) {
        if (p.qos == 2) {
            ++status;
            return;
        }
        const std::size_t at = p.payload.rfind("\"seq\":") + 6;
        std::uint32_t seq = 0;
        for (std::size_t i = at; p.payload[i] >= '0' && p.payload[i] <= '9'; ++i) {
            seq = seq * 10 + static_cast<std::uint32_t>(p.payload[i] - '0');
        }
        if (seq < seen.size()) ++seen[seq];
    };
    const std::clock_t started = std::clock();
    bench.boot();
    for (int hour = 0; hour < 24; ++hour) {
        bench.run(3'000'000);
        bench.lose_broker();
        bench.run(540'000);
        bench.broker_up = true;
        bench.run(60'000);
    }
    // Processor time: what else runs on this machine is not part of the simulation.
    const auto ms = static_cast<long>((std::clock() - started) * 1000 / CLOCKS_PER_SEC);
    for (std::uint32_t seq = 1; seq <= 86'400; ++seq) ASSERT_EQ(seen[seq], 1) << seq;
    EXPECT_GT(status, 1200U);
    EXPECT_EQ(bench.flash.illegal_writes(), 0U);
    RecordProperty("milliseconds", static_cast<int>(ms));
    std::printf("24 simulated hours took %ld ms\n", ms);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(ms, 1000) << "a day must simulate in under a second";
#endif
}

}  // namespace
}  // namespace egiz
