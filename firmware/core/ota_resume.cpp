// The half of the update that runs after a restart: continue, try, confirm or admit failure.
#include "ota_machine.hpp"

namespace egiz {

void OtaMachine::start(std::uint32_t running_build, std::uint64_t now_ms, std::span<JsonToken> pool) {
    std::string_view manifest;
    journal_store_.load(journal_, chunk_, manifest);
    const BootState boot = slots_.boot_state();
    if (boot == BootState::pending_verify) {
        trial_ = true;
        trial_deadline_ms_ = now_ms + trial_ms;
    }
    if (journal_.state == OtaState::idle) return;
    if (parse_manifest(manifest, pool, manifest_) != Code::received) {
        journal_ = {};
        journal_store_.clear();
        return;
    }
    resume_after_restart(running_build, boot);
}

void OtaMachine::resume_after_restart(std::uint32_t running_build, BootState boot) {
    const bool target_runs = running_build == manifest_.build;
    switch (journal_.state) {
        case OtaState::downloading:
            written_ = journal_.offset;
            if (!(written_ == 0 ? slots_.begin(manifest_.size) : slots_.resume(written_))) {
                finish(OtaState::failed, Code::slot_failed);
            }
            break;
        case OtaState::activating:
            // Either the switch did not happen, or it did and only the journal is late.
            if (target_runs) {
                journal_.state = OtaState::activated;
                resume_after_restart(running_build, boot);
            } else if (boot == BootState::rolled_back && journal_.activations > 0) {
                finish(OtaState::failed, Code::rolled_back);
            } else {
                ++journal_.activations;
                journal_.state = OtaState::verifying;
                (void)journal_store_.save(journal_);
            }
            break;
        case OtaState::activated:
            if (trial_ && target_runs) {
                report(ReportedState::running, Code::testing, manifest_.version.view());
            } else if (target_runs) {
                // Confirmed before the journal could be written.
                journal_store_.set_minimum_build(manifest_.build);
                finish(OtaState::done, Code::applied);
            } else {
                finish(OtaState::failed, Code::rolled_back);
            }
            break;
        case OtaState::done:
        case OtaState::failed: report_final(); break;
        default: break;
    }
}

void OtaMachine::trial_step(const OtaFacts& facts) {
    if (facts.connected && facts.telemetry_acked && facts.sensors_probed) {
        if (!slots_.confirm()) return;
        trial_ = false;
        if (journal_.state != OtaState::activated) return;
        journal_store_.set_minimum_build(manifest_.build);
        finish(OtaState::done, Code::applied);
        return;
    }
    if (facts.now_ms < trial_deadline_ms_) return;
    // A broker that is away says nothing about the image: with the network up, wait once more before giving up.
    if (facts.network_up && !facts.connected && !trial_extended_) {
        trial_extended_ = true;
        trial_deadline_ms_ = facts.now_ms + trial_ms;
        return;
    }
    trial_deadline_ms_ = facts.now_ms + trial_ms;
    slots_.roll_back();
}

}  // namespace egiz
