// The course of one update: download with resume, read-back digest, switch, restart, trial, confirmation or rollback.
// The state lives in the journal, so that a power cut at any point continues or ends cleanly:
//
//   idle -> downloading -> verifying -> activating -> activated =restart=> (trial) -> done
//                \______________\____________\____________________________/-> failed
#pragma once

#include <array>
#include <cstdint>

#include "backoff.hpp"
#include "ota_journal.hpp"

namespace egiz {

// What the trial of a new image needs to see before it is kept.
struct OtaFacts {
    std::uint64_t now_ms = 0;   // monotonic
    bool network_up = false;
    bool connected = false;     // session and command subscription in place
    bool telemetry_acked = false;
    bool sensors_probed = false;
};

class OtaMachine {
  public:
    static constexpr std::uint64_t trial_ms = 300'000;
    static constexpr std::uint32_t checkpoint_bytes = 65'536;
    static constexpr std::uint32_t max_fruitless_attempts = 6;

    OtaMachine(OtaSlots& slots, Download& download, KeyValue& kv, Crypto& crypto, Random& random)
        : slots_(slots), download_(download), journal_store_(kv), crypto_(crypto), random_(random) {}

    // Once per boot: continues what the journal says. `pool` is only used during the call.
    void start(std::uint32_t running_build, std::uint64_t now_ms, std::span<JsonToken> pool);
    [[nodiscard]] bool busy() const;
    [[nodiscard]] bool on_trial() const { return trial_; }
    [[nodiscard]] OtaState state() const { return journal_.state; }
    [[nodiscard]] std::uint32_t minimum_build() { return journal_store_.minimum_build(); }
    // Begins an update whose manifest passed signature and policy. received, busy or slot_failed.
    Code accept(const CommandId& id, std::string_view manifest_text, const OtaManifest& manifest);
    void tick(const OtaFacts& facts);
    // The next thing to tell the service; false when there is nothing new.
    bool take_report(CommandResult& out);
    // The final answer arrived: the update is over.
    void reported(std::string_view command_id);
    // The boot slot is switched and the board should restart.
    [[nodiscard]] bool restart_wanted() const { return journal_.state == OtaState::activated && !trial_; }

  private:
    void download_step(const OtaFacts& facts);
    void download_failed(const OtaFacts& facts, std::string_view why);
    bool flush();
    bool read_back(std::array<std::uint8_t, sha256_size>& digest);
    void verify_step();
    void activate();
    void trial_step(const OtaFacts& facts);
    void finish(OtaState state, Code code);
    void resume_after_restart(std::uint32_t running_build, BootState boot);
    void report(ReportedState state, Code code, std::string_view message);
    void report_progress();
    void report_final();

    static constexpr std::size_t chunk_size = 4096;

    OtaSlots& slots_;
    Download& download_;
    OtaJournalStore journal_store_;
    Crypto& crypto_;
    Random& random_;
    OtaJournal journal_{};
    OtaManifest manifest_{};
    std::array<std::uint8_t, chunk_size> chunk_{};
    std::size_t chunk_used_ = 0;
    std::uint32_t written_ = 0;         // bytes in the slot
    std::uint32_t progress_at_open_ = 0;
    std::uint32_t fruitless_ = 0;
    std::uint32_t reported_tenths_ = 0;
    std::uint64_t retry_at_ms_ = 0;
    std::uint64_t trial_deadline_ms_ = 0;
    Backoff backoff_{1000, 60'000};
    bool open_ = false;
    bool trial_ = false;
    bool trial_extended_ = false;
    bool report_pending_ = false;
    CommandResult report_{};
};

}  // namespace egiz
