#include "fleet.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdio>

namespace egiz::host {
namespace {
// An attempt to connect finishes in its own thread; it is looked at this often.
constexpr std::uint64_t longest_wait_ms = 50;
}  // namespace

Fleet::Fleet(const FleetConfig& config) {
    machines_.reserve(config.boards.size());
    for (const BoardConfig& board : config.boards) machines_.push_back(std::make_unique<Machine>(config, board));
}

bool Fleet::power_on() {
    for (const auto& machine : machines_) {
        if (machine->power_on()) continue;
        std::fprintf(stderr, "%s: the flash file cannot be used, or the ids do not form topics\n", machine->device_id().c_str());
        return false;
    }
    return true;
}

void Fleet::wait(std::uint64_t ms) {
    std::vector<pollfd> sockets;
    std::vector<MqttSession*> sessions;
    for (const auto& machine : machines_) {
        MqttSession& session = machine->session();
        if (session.socket() < 0) continue;
        const int events = POLLIN | (session.wants_write() ? POLLOUT : 0);
        sockets.push_back({session.socket(), static_cast<short>(events), 0});
        sessions.push_back(&session);
    }
    if (::poll(sockets.data(), sockets.size(), static_cast<int>(ms)) <= 0) return;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        const bool readable = (sockets[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        const bool writable = (sockets[i].revents & POLLOUT) != 0;
        if (readable || writable) sessions[i]->on_ready(readable, writable);
    }
}

void Fleet::run(const volatile std::sig_atomic_t& stop) {
    while (stop == 0) {
        std::uint64_t pause = longest_wait_ms;
        for (const auto& machine : machines_) pause = std::min(pause, machine->step());
        wait(pause);
    }
    for (const auto& machine : machines_) machine->shutdown();
}

}  // namespace egiz::host
