// Set-up without a cable: a Wi-Fi network of the board's own with one page. Only a board without an identity offers it.
#pragma once

#include "identity_store.hpp"

namespace egiz::esp {

// Offers the network and the page until an identity was stored or 15 minutes are over, then restarts. Returns only when
// the network could not be started.
Status provision(IdentityStore& store);

}  // namespace egiz::esp
