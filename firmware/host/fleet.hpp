// All virtual boards of a process in one loop.
#pragma once

#include <csignal>
#include <memory>
#include <vector>

#include "machine.hpp"

namespace egiz::host {

class Fleet {
  public:
    explicit Fleet(const FleetConfig& config);

    // False when a board cannot start; says which.
    bool power_on();
    // Until `stop` becomes true.
    void run(const volatile std::sig_atomic_t& stop);

  private:
    void wait(std::uint64_t ms);

    std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace egiz::host
