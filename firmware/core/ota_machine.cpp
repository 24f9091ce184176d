#include "ota_machine.hpp"

#include <algorithm>

namespace egiz {

bool OtaMachine::busy() const {
    return journal_.state != OtaState::idle && journal_.state != OtaState::done && journal_.state != OtaState::failed;
}

Code OtaMachine::accept(const CommandId& id, std::string_view manifest_text, const OtaManifest& manifest) {
    // An image on trial may not be replaced: the slot that would be erased is the one to fall back to.
    if (busy() || trial_ || slots_.boot_state() == BootState::pending_verify) return Code::busy;
    journal_ = {};
    journal_.state = OtaState::downloading;
    journal_.command_id = id;
    if (!journal_store_.save_manifest(manifest_text, journal_) || !journal_store_.save(journal_)) {
        journal_ = {};
        return Code::store_failed;
    }
    manifest_ = manifest;
    written_ = 0;
    chunk_used_ = 0;
    fruitless_ = 0;
    reported_tenths_ = 0;
    retry_at_ms_ = 0;
    open_ = false;
    backoff_.reset();
    if (!slots_.begin(manifest.size)) {
        finish(OtaState::failed, Code::slot_failed);
        return Code::slot_failed;
    }
    return Code::received;
}

void OtaMachine::tick(const OtaFacts& facts) {
    if (trial_) {
        trial_step(facts);
        return;
    }
    switch (journal_.state) {
        case OtaState::downloading: download_step(facts); break;
        case OtaState::verifying: verify_step(); break;
        case OtaState::activating: activate(); break;
        default: break;
    }
}

void OtaMachine::download_step(const OtaFacts& facts) {
    if (!open_) {
        if (!facts.network_up || facts.now_ms < retry_at_ms_) return;
        if (!download_.open(manifest_.url.view(), written_)) {
            download_failed(facts, "the server cannot be reached");
            return;
        }
        open_ = true;
        chunk_used_ = 0;
        progress_at_open_ = written_;
    }
    const std::size_t wanted = std::min<std::size_t>(chunk_size, manifest_.size - written_);
    const Result<std::size_t> got = download_.poll(std::span(chunk_).subspan(chunk_used_, wanted - chunk_used_));
    if (!got) {
        // What arrived before the link broke is kept when it fills a flash page; the rest is asked for again.
        download_failed(facts, got.error() == Err::not_found ? "the image ends too early" : "the download broke off");
        return;
    }
    chunk_used_ += got.value();
    if (chunk_used_ < wanted) return;
    if (!flush()) return;
    if (written_ < manifest_.size) return;
    download_.close();
    open_ = false;
    journal_.state = OtaState::verifying;
    (void)journal_store_.save(journal_);
    report(ReportedState::running, Code::verifying, manifest_.version.view());
}

bool OtaMachine::flush() {
    if (!slots_.write(written_, {chunk_.data(), chunk_used_})) {
        finish(OtaState::failed, Code::slot_failed);
        return false;
    }
    written_ += static_cast<std::uint32_t>(chunk_used_);
    chunk_used_ = 0;
    if (written_ - journal_.offset >= checkpoint_bytes) {
        journal_.offset = written_;
        (void)journal_store_.save(journal_);
    }
    report_progress();
    return true;
}

void OtaMachine::download_failed(const OtaFacts& facts, std::string_view why) {
    download_.close();
    fruitless_ = open_ && written_ > progress_at_open_ ? 0 : fruitless_ + 1;
    open_ = false;
    chunk_used_ = 0;
    if (fruitless_ >= max_fruitless_attempts) {
        finish(OtaState::failed, Code::download_failed);
        report_.message.assign_cut(why);
        return;
    }
    if (fruitless_ == 0) backoff_.reset();
    retry_at_ms_ = facts.now_ms + backoff_.next_ms(random_);
}

// In one go, under half a second for the largest slot: the crypto port has one digest, and a command that arrives
// in between needs it.
bool OtaMachine::read_back(std::array<std::uint8_t, sha256_size>& digest) {
    if (!crypto_.sha256_begin()) return false;
    bool good = true;
    for (std::uint32_t at = 0; good && at < manifest_.size;) {
        const std::size_t n = std::min<std::size_t>(chunk_size, manifest_.size - at);
        good = slots_.read(at, std::span(chunk_).first(n)).ok() && crypto_.sha256_update({chunk_.data(), n}).ok();
        at += static_cast<std::uint32_t>(n);
    }
    const Status finished = crypto_.sha256_finish(digest);
    return good && finished.ok();
}

void OtaMachine::verify_step() {
    std::array<std::uint8_t, sha256_size> digest{};
    if (!read_back(digest)) {
        finish(OtaState::failed, Code::slot_failed);
        return;
    }
    if (digest != manifest_.sha256) {
        finish(OtaState::failed, Code::digest_mismatch);
        return;
    }
    journal_.state = OtaState::activating;
    // The digest is good, but without the journal a restart could not tell what became of the image.
    if (!journal_store_.save(journal_)) finish(OtaState::failed, Code::store_failed);
}

void OtaMachine::activate() {
    if (!slots_.activate()) {
        finish(OtaState::failed, Code::slot_failed);
        return;
    }
    journal_.state = OtaState::activated;
    ++journal_.activations;
    (void)journal_store_.save(journal_);
    report(ReportedState::running, Code::rebooting, manifest_.version.view());
}

void OtaMachine::finish(OtaState state, Code code) {
    if (open_) download_.close();
    open_ = false;
    if (state == OtaState::failed && code != Code::rolled_back) slots_.abandon();
    journal_.state = state;
    journal_.code = code;
    (void)journal_store_.save(journal_);
    report_final();
}

void OtaMachine::report(ReportedState state, Code code, std::string_view message) {
    report_ = {};
    report_.id = journal_.command_id;
    report_.state = state;
    report_.code = code;
    report_.message.assign_cut(message);
    const std::uint64_t bytes = code == Code::downloading ? written_ : manifest_.size;
    report_.progress = static_cast<std::uint8_t>(bytes * 100 / std::max<std::uint32_t>(manifest_.size, 1));
    report_pending_ = true;
}

void OtaMachine::report_progress() {
    const auto tenths = static_cast<std::uint32_t>(std::uint64_t{written_} * 10 / std::max<std::uint32_t>(manifest_.size, 1));
    if (tenths <= reported_tenths_ || tenths >= 10) return;
    reported_tenths_ = tenths;
    report(ReportedState::running, Code::downloading, manifest_.version.view());
}

void OtaMachine::report_final() {
    const bool good = journal_.state == OtaState::done;
    report(good ? ReportedState::applied : ReportedState::failed, good ? Code::applied : journal_.code,
           manifest_.version.view());
}

bool OtaMachine::take_report(CommandResult& out) {
    if (!report_pending_) return false;
    report_pending_ = false;
    out = report_;
    return true;
}

void OtaMachine::reported(std::string_view command_id) {
    if (busy() || journal_.state == OtaState::idle || journal_.command_id.view() != command_id) return;
    journal_ = {};
    journal_store_.clear();
}

}  // namespace egiz
