#include "status_outbox.hpp"

namespace egiz {

void StatusOutbox::add(const CommandResult& result) {
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].token == 0 && entries_[i].result.id == result.id) {
            entries_[i].result = result;
            return;
        }
    }
    if (count_ == max_results) remove(victim());
    entries_[count_++] = {result, 0};
}

std::size_t StatusOutbox::victim() const {
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].token == 0 && entries_[i].result.state <= ReportedState::running) return i;
    }
    return 0;
}

void StatusOutbox::remove(std::size_t index) {
    for (std::size_t i = index + 1; i < count_; ++i) entries_[i - 1] = entries_[i];
    --count_;
}

const CommandResult* StatusOutbox::next() const {
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].token == 0) return &entries_[i].result;
    }
    return nullptr;
}

void StatusOutbox::sent(std::uint32_t token) {
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].token != 0) continue;
        entries_[i].token = token;
        return;
    }
}

bool StatusOutbox::settled(std::uint32_t token, CommandResult& out) {
    for (std::size_t i = 0; i < count_; ++i) {
        if (token == 0 || entries_[i].token != token) continue;
        out = entries_[i].result;
        remove(i);
        return true;
    }
    return false;
}

void StatusOutbox::connection_lost() {
    for (std::size_t i = 0; i < count_; ++i) entries_[i].token = 0;
}

bool StatusOutbox::holds(std::string_view id) const {
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].result.id.view() == id) return true;
    }
    return false;
}

}  // namespace egiz
