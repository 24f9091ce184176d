#include "command_result.hpp"

namespace egiz {

std::string_view to_string(ReportedState s) {
    switch (s) {
        case ReportedState::received: return "received";
        case ReportedState::running: return "running";
        case ReportedState::applied: return "applied";
        case ReportedState::rejected: return "rejected";
        case ReportedState::failed: return "failed";
        case ReportedState::superseded: return "superseded";
    }
    return "unknown";
}

std::string_view to_string(Code c) {
    static constexpr std::array<std::string_view, static_cast<std::size_t>(Code::last) + 1> words{
        "",
        "RECEIVED", "APPLIED", "UNCHANGED", "INVALID", "HASH_MISMATCH", "STALE_REVISION", "REVISION_CONFLICT", "EXPIRED",
        "UNKNOWN_COMMAND", "BROKER_UNREACHABLE", "STORE_FAILED", "CONFIRM", "BAD_TOKEN", "BUSY", "REBOOTING",
        "MANIFEST_INVALID", "BAD_SIGNATURE", "UNKNOWN_KEY", "WRONG_PRODUCT", "WRONG_HARDWARE", "DOWNGRADE", "ALREADY_RUNNING",
        "TOO_LARGE", "TIME_UNKNOWN", "DOWNLOADING", "DOWNLOAD_FAILED", "VERIFYING", "DIGEST_MISMATCH", "SLOT_FAILED", "TESTING",
        "ROLLED_BACK", "SUPERSEDED"};
    const auto i = static_cast<std::size_t>(c);
    return i > 0 && i < words.size() ? words[i] : "UNKNOWN";
}

void ErrorList::add(std::string_view pointer, std::string_view rule, std::string_view message) {
    if (count_ < max_errors) {
        FieldError& e = errors_[count_];
        e.pointer.assign_cut(pointer);
        e.rule.assign_cut(rule);
        e.message.assign_cut(message);
    }
    ++count_;
}

}  // namespace egiz
