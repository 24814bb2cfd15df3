# The engine draws its random bytes from the source that its options name, so nothing in it may ask
# the system's.
cmake_policy(VERSION 3.25)
file(GLOB_RECURSE files ${ROOT}/src/engine/*.h ${ROOT}/src/engine/*.cc ${ROOT}/src/query/*.h ${ROOT}/src/query/*.cc)
list(FILTER files EXCLUDE REGEX "_test\\.cc$|/testing/|/testing\\.h$|/session/engine\\.cc$|/random_documents\\.h$")
set(faults "")
foreach(file IN LISTS files)
  file(STRINGS ${file} lines
       REGEX "random_bytes\\(|RandomSource::system|Uuid::random\\(|ObjectId::generate\\(|random_device|[^a-z_]rand\\(|mt19937")
  foreach(line IN LISTS lines)
    list(APPEND faults "${file}: ${line}")
  endforeach()
endforeach()
if(faults)
  list(JOIN faults "\n  " text)
  message(FATAL_ERROR "The engine takes random bytes from Engine::random() only:\n  ${text}")
endif()
