# cmake --install: headers, the library, find_package(quern) and pkg-config files.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS quern EXPORT quern_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/quern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT quern_targets NAMESPACE quern:: FILE quern-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quern)
file(WRITE ${PROJECT_BINARY_DIR}/quern-config.cmake
     "include(\"\${CMAKE_CURRENT_LIST_DIR}/quern-targets.cmake\")\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/quern-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/quern-config.cmake ${PROJECT_BINARY_DIR}/quern-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/quern)
# Relative to itself, so that the package may be installed or moved anywhere.
file(RELATIVE_PATH quern_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/quern.pc.in ${PROJECT_BINARY_DIR}/quern.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/quern.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
