// Any bytes as what NVS returns for the core's keys: damage must read as "nothing there", never as a setting.
#include <array>
#include <cstdlib>
#include <vector>

#include "bench.hpp"
#include "bytes.hpp"
#include "command_log.hpp"
#include "config_store.hpp"
#include "ota_journal.hpp"
#include "time_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> value(data, data + size);
    if (!value.empty() && value[0] % 2 == 0) {
        const std::uint32_t crc = egiz::crc32(value);
        for (int i = 0; i < 4; ++i) value.push_back(static_cast<std::uint8_t>(crc >> (8 * i)));
    }
    egiz::test::BenchKv kv;
    for (const char* key : {"cfg_good", "cfg_trial", "cmdlog", "ota", "ota_manifest", "ota_min_build", "epoch", "boot_id"}) kv.values[key] = value;
    egiz::ConfigStore config(kv, egiz::SensorKind::electrical);
    config.load();
    const egiz::BoardSettings& s = config.active().settings;
    if (s.telemetry_interval_s < 1 || s.telemetry_interval_s > 60 || s.heartbeat_interval_s < 10) std::abort();
    egiz::CommandLog log(kv);
    log.load();
    egiz::CommandResult result;
    (void)log.find("some-id", result);
    egiz::OtaJournalStore journal_store(kv);
    egiz::OtaJournal journal;
    std::array<std::uint8_t, 4096> scratch;
    std::string_view manifest;
    journal_store.load(journal, scratch, manifest);
    egiz::test::BenchClock clock;
    egiz::TimeModel time(clock, kv, 1'780'000'000'000);
    time.start();
    if (time.now_ms() < 1'780'000'000'000) std::abort();
    return 0;
}
